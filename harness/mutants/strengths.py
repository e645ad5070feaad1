"""Mutants that sin only sometimes and have no gross form of their own, and what stands for it.

One that is not in these tables and has neither a twin nor a gross subclass sins on every occasion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SAME: Mapping[str, str] = {
    "AlwaysAnswersInJson": "AnswersInJson",
    "AlwaysEndsWithToolCalls": "EndsWithToolCalls",
    "AnswersHaveOneId": "NumbersItsAnswersAnew",
    "AnyKeyIsTheKey": (
        "AnySessionHeaderIsTheKey AnyTokenIsTheKey AsksForSomeKeyAtTheBack ComparesAsFarAsItGoes ComparesTheEnd "
        "ComparesTheLength ComparesTheStart ComparesWithoutCase RespondsToHalfAKey TrustsWhoKnowsAConversation"
    ),
    "BearerIsForListsAlways": "BearerIsCapitalised BearerIsForChats OneBlankOnly WantsTheSessionHeaderLater",
    "BreaksBeyondAscii": "BreaksOnHalfACharacter",
    "BreaksOnEveryField": (
        "CountsChoices DividesByTheTemperature HasNoPriority HasNoSuchEffort HasNoVoice HasRoomForSixtyFourTools "
        "LooksIntoToolsItIgnores SeedsWithAFloat TakesFlagsForItsOwn TakesTheFirstTool"
    ),
    "CallsAToolWhenImagesComeAlways": "ShowsItsLastTool ShowsItsTools ShowsItsToolsLater",
    "CallsEveryTool": "CallsTheClientsTool CallsTheClientsToolLater LeavesTheCallToTheClient",
    "CallsOldFunctionsAlways": "CallsAFunctionOfOld",
    "ChecksNoKey": (
        "AsksForNoKey CachesForStrangers ChecksTheToldPath ConversationIsTheKey ConversationsAreOpen "
        "EmptyTokenIsAKey ForgetsTheDoubledSlash ForgetsTheSlashAtTheEnd IsOpenBelowApi LetsToldPreflightsPass "
        "LocksSmallLetters LocksTheUsualMethods OneModelIsNoSecret PublicModelList RespondsToEmptyKeys "
        "TrustsLocalAddresses TrustsNamedUsers TrustsToldHosts TwiceIsTrusted"
    ),
    "CompletesText": "CompletesTextLater",
    "CountsNoCost": "CountsTheFirstTurn",
    "CutsAt80": "CountsTokens CutsAtEightyCharacters CutsAtHalfAMegabyte LeavesOutTheMiddle Stops",
    "DeletesForAnyoneAlways": "AsksForTheKeyAfterwards PreparesForStrangers RefusesAfterSaving",
    "DeletesNoProfiles": "MissingProfilesCantBeDeleted",
    "ErrorsAreEmpty": "FailsInItsOwnWords KeepsDetailsToItself ValidatesInItsOwnWords",
    "ErrorsArePages": "RefusalsAreText ShowsAPageToStrangers ShowsAPageWhenItIsBusy",
    "EveryChatFails": (
        "BreaksOnUndeclaredBodies GivesUpAfterThreeSeconds GivesUpOnFirstTurns IsOverloadedAtFirst "
        "LosesBodiesOnUpgrades UnpacksWhatIsNotPacked WantsToKnowTheLength"
    ),
    "EveryChatIsRefused": (
        "ChecksWhatItIgnores ComparesTheMediaType ExpectsNothing HasNoBetas KnowsItsMessages KnowsItsOptions "
        "KnowsItsParts KnowsNoCapitals ReadsEveryKey ReadsOptionsItDoesNotNeed RefusesPenalties "
        "RefusesToBeSteered SeesNoImages TakesTheBlockingClientForARobot WantsSnakeCase"
    ),
    "EveryErrorIsAnAnswer": (
        "AnswersItsOwnNudge ApologizesForLateFailures FailuresAreAnswers HasNothingToSay RepeatsItsLastAnswer "
        "SaysWhateverTheModelSent StuckIsAnAnswer TakesHalfAnAnswer"
    ),
    "FailsForever": "RepeatsTheErrorOfADrop",
    "FollowsNoInstructions": (
        "CutsAtTheLimit CutsInstructions InstructsForOneTurn InstructsToTheFirstNul InstructsWithOnePart "
        "KnowsNoDevelopers SkipsTheSystemMessage StopsAtTheUser"
    ),
    "FollowsNoInstructionsInResponses": "SkipsInstructions",
    "ForgetsEachTurn": (
        "FailsForGood ForgetsAfterFifteenTurns ForgetsAfterTenSeconds ForgetsAfterTwoSeconds "
        "ForgetsIdleConversations KeepsConversationsInMemory RemembersTenMessages WritesEachTurnWithTheNext"
    ),
    "ForgetsNothing": "HidesWhatItDeletes",
    "HasEnoughAfterOneTurn": "GivesUpOnLaterTurns",
    "HasNoConversations": "HasOtherIdsInside OrphansAreHidden ShowsTheFirstTurn",
    "HasOneConversation": (
        "InstructsEveryone KeepsTheConversationInACookie KnowsConversationsByTheirBeginning RemembersEveryone "
        "UserIsTheConversation"
    ),
    "IdsAreNoUuids": "ChoosesTheIdsItself KnowsRandomIdsOnly",
    "IgnoresObservation": "CutsLongSpans MendsSpans MetadataMayBeNested MetadataMayBeText",
    "IgnoresTheHeader": (
        "ContinuesNoChosenId ConversationsBelongToAForm ConversationsBelongToAKey KeepsAConversationPerModel "
        "KnowsItsOwnConversations OverlooksMalformedIds StartsAThirdConversation StartsAnewEachTime "
        "StartsAnewOnInstructions StreamsStartAnew"
    ),
    "IsOftenBusy": "SaysNotWhenItHasTime",
    "KeepsTheFirst": "RunsOnTheFirst",
    "KeepsTheIdToItselfAlways": (
        "FailuresHaveNoHeader NamesNoConversationOfA500 NamesTheConversationOnce StreamsHaveNoHeader"
    ),
    "KeyAnywhere": "BearerInTheSessionHeader KeyInACookie KeyInTheQuery KeyIsAPassword KeyNeedsNoScheme",
    "KnowsAsciiOnly": "EndsAtNul SaysNothingInvisible",
    "KnowsNoPages": (
        "AllowsPagesNoConversations HidesRefusalsFromPages HidesTheConversationFromPages PreflightsNeedAKey"
    ),
    "LastComeFirstServedAlways": "TakesTwinsForOne",
    "LetsClientsRetry": "AsksForARetryOfADrop",
    "LetsEveryPageIn": "LetsPagesInByTheirStart",
    "ListsNoModel": "KnowsTheProfilesOfItsStart ListsProfilesWithAKey",
    "ListsOtherNames": "ListsSmallLetters UnderscoresSeparate",
    "MergesAllTurns": (
        "AnswersWhoLeft BreaksOnTheSecondFollowUp BreaksOnTheSecondStart JoinsWhatFailed JoinsWhatWasGivenUp "
        "MergesFirstTurns MergesFollowUps"
    ),
    "NamesAnotherEachTime": "LeadsNowhere NamesAnotherConversationLater RenamesTheConversation",
    "NeverDone": "NeverDoneWithLongTexts",
    "NeverStreams": "StreamingIsUnprocessable",
    "NoticesStreamingTooLate": "CountsBeforeItRefuses PlaysRefusedFollowUps",
    "NumbersItsChunks": "UsageIsAnAnswerOfItsOwn",
    "OffersAnAlternativeAlways": "GivesChoices GivesTwoChoices",
    "OutputsATool": "OutputsItsThoughts OutputsItsTools",
    "OverlooksTheField": "RefusesStreamsInTheBeginning StreamsForTheBlockingClient",
    "PassesBadRequestsOnAlways": "PassesOnWhatIsForbidden",
    "PassesTheFailureOn": "PassesRateLimitTextsOn QuotesAnOverloadedProvider",
    "ReadsNoParts": "ReadsPartsInTheBeginning ReadsTheFirstPart",
    "RefusalsAreFailures": "BreaksOnBrokenJson BreaksOnForms BreaksOnMissingFields",
    "RefusesNothing": "AnswersAtOnce ForgetsThePrevious PromisesToStore",
    "RefusesStrangersBodies": "LooksModelsUpForStrangers RefusesStrangersStreams",
    "RefusesTheHeader": "EmptyIsMalformed IsBoundToAModel KnowsOneSpelling",
    "RepeatsTheQuestion": "RepeatsTheQuestionToBlockingClients",
    "ReplaysTheHistoryAlways": (
        "BelievesTheHistory MakesInstructionsOfTheHistory PlaysResentTurnsAgain RebuildsLongHistories "
        "ReplaysLongHistories"
    ),
    "ResendsFailures": "ResendsSlowChats",
    "ResponsesFail": "RefusesToolsInResponses",
    "RoundsTheTotalUpAlways": "TotalsTheConversation",
    "SavesNoProfiles": "KnowsTwoNamesDeep",
    "SaysDone": "HasHeardThatBefore RepeatsItsFirstAnswer SaysSomethingForNothing",
    "SaysZippedAndIsNotAlways": "DeflatesWhatItCallsZipped",
    "SendsNoText": "CutsBetweenBytes CutsCharacters StopsAtItsOwnMark StreamsNothingInvisible",
    "ServesAnyModel": (
        "DecodesNames LooksUpTheFirstModel NoNameIsTheDefault PrefixInAnyCase PrefixIsOptional "
        "ReadsTheStartOfAName ServesWhatItHasServed StreamsForAnyModel TakesFileNames TakesNamesForPaths "
        "TrimsNames"
    ),
    "SessionHeaderIsForNativesAlways": "SessionHeaderIsNotForLists WantsABearerForProfiles WantsABearerLater",
    "ShowsNoEvents": "KeepsOneTurn",
    "ShowsTheApiKey": "ListsTheApiKeys",
    "ShowsTracebacks": "ShowsItsException ShowsWhatItCouldNotRead ShowsWhereItFailed ShowsWhereItRefused",
    "StopsAtAKilobyte": "ShowsAPageAtAMegabyte TakesEightMegabytes TakesFortyKilobytes",
    "StreamsAToolCallLaterAlways": "StreamsItsTools",
    "StreamsEveryAnswer": "StreamsForItsOptions",
    "StreamsItsErrors": "StreamsItsFailures",
    "SumsUp": "RepeatsItselfInLaterStreams",
    "TakesTextsOnly": "KnowsNoInputParts KnowsNoTypedMessages",
    "TellsEverything": "KnowsWhoCalls OffersTheClientsTools",
    "TellsItsReasonsAlways": "ThinksAloud ThinksAloudFromTheSecondToolOn",
    "TellsTheKeyInAnIdAlways": "ListsWhoMayAsk RepeatsTheProfile",
    "TellsUsageUnasked": "TellsUsageForAnyOptions",
    "Trims": "TrimsLaterAnswers",
    "TrustsTheIntranetAlways": (
        "AnyoneMayDelete AnyoneMayLookAround ListsProfilesToAnyone RenamesForAnyone TrustsLocalAddressesWithProfiles"
    ),
    "UnknownIsAFailure": "OrphansAreErrors",
    "UnknownPathsFail": "BreaksOnOtherMethods",
    "WantsNoObservation": "EmptyIsAName ParentsAreOfOneForm TagsHoldNoBlanks",
    "WantsOneForm": "AnEmptyHeaderSpoilsBoth ChatsWantOneCredential OneWrongHeaderSpoilsBoth",
    "WantsOneMessage": "KnowsNoFunctions TakesAHundredMessages UserHasTheLastWord WantsTextInEveryMessage",
    "WrongKeyIsForbiddenAlways": "NoKeyIsForbidden",
    "ZipsUnaskedAlways": "PrefersBrotli",
}
"""By a mutant that sins always: those whose sin, done always, would be its."""

HARMLESS: Mapping[str, str] = {
    "the requirement compares two requests, and a sin in both keeps it": (
        "AnswersWithTheSpan RefusesTheBlockingClientOtherwise ShowsItsEffort ShowsNativesMore "
        "TellsProbabilitiesItHasNot TellsTheBlockingClientNoCost"
    ),
}
"""By the reason: those whose sin is none if it is done always."""


def named(names: str) -> tuple[str, ...]:
    """The mutants in one line of a table."""
    return tuple(names.split())
