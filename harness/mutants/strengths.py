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
        "AnySessionHeaderIsTheKey AnyTokenIsTheKey ComparesAsFarAsItGoes ComparesTheEnd ComparesTheLength "
        "ComparesTheStart ComparesWithoutCase"
    ),
    "BearerIsForListsAlways": "BearerIsCapitalised BearerIsForChats OneBlankOnly",
    "BreaksBeyondAscii": "BreaksOnHalfACharacter",
    "BreaksOnEveryField": "CountsChoices HasNoVoice LooksIntoToolsItIgnores TakesFlagsForItsOwn",
    "CallsAToolWhenImagesComeAlways": "ShowsItsLastTool ShowsItsTools ShowsItsToolsLater",
    "CallsEveryTool": "CallsTheClientsTool LeavesTheCallToTheClient",
    "CallsOldFunctionsAlways": "CallsAFunctionOfOld",
    "ChecksNoKey": (
        "AsksForNoKey ConversationIsTheKey ConversationsAreOpen EmptyTokenIsAKey OneModelIsNoSecret "
        "PublicModelList TwiceIsTrusted"
    ),
    "CutsAt80": "CountsTokens LeavesOutTheMiddle Stops",
    "DeletesForAnyoneAlways": "AsksForTheKeyAfterwards PreparesForStrangers RefusesAfterSaving",
    "DeletesNoProfiles": "MissingProfilesCantBeDeleted",
    "ErrorsAreEmpty": "FailsInItsOwnWords KeepsDetailsToItself ValidatesInItsOwnWords",
    "ErrorsArePages": "RefusalsAreText ShowsAPageToStrangers ShowsAPageWhenItIsBusy",
    "EveryChatFails": "BreaksOnUndeclaredBodies LosesBodiesOnUpgrades UnpacksWhatIsNotPacked WantsToKnowTheLength",
    "EveryChatIsRefused": (
        "ChecksWhatItIgnores ComparesTheMediaType ExpectsNothing HasNoBetas KnowsItsMessages KnowsItsOptions "
        "KnowsItsParts KnowsNoCapitals ReadsEveryKey RefusesPenalties RefusesToBeSteered SeesNoImages "
        "TakesTheBlockingClientForARobot WantsSnakeCase"
    ),
    "EveryErrorIsAnAnswer": "FailuresAreAnswers StuckIsAnAnswer",
    "FollowsNoInstructions": "InstructsForOneTurn KnowsNoDevelopers SkipsTheSystemMessage StopsAtTheUser",
    "FollowsNoInstructionsInResponses": "SkipsInstructions",
    "ForgetsEachTurn": "FailsForGood KeepsConversationsInMemory RemembersTenMessages WritesEachTurnWithTheNext",
    "ForgetsNothing": "HidesWhatItDeletes",
    "HasNoConversations": "HasOtherIdsInside OrphansAreHidden",
    "HasOneConversation": (
        "InstructsEveryone KnowsConversationsByTheirBeginning RemembersEveryone UserIsTheConversation"
    ),
    "IdsAreNoUuids": "ChoosesTheIdsItself KnowsRandomIdsOnly",
    "IgnoresObservation": "CutsLongSpans MendsSpans MetadataMayBeNested MetadataMayBeText",
    "IgnoresTheHeader": (
        "ContinuesNoChosenId ConversationsBelongToAForm KeepsAConversationPerModel OverlooksMalformedIds "
        "StartsAThirdConversation StartsAnewEachTime StartsAnewOnInstructions StreamsStartAnew"
    ),
    "KeepsTheFirst": "RunsOnTheFirst",
    "KeepsTheIdToItselfAlways": "FailuresHaveNoHeader NamesTheConversationOnce StreamsHaveNoHeader",
    "KeyAnywhere": "BearerInTheSessionHeader KeyInACookie KeyInTheQuery KeyIsAPassword KeyNeedsNoScheme",
    "KnowsNoPages": (
        "AllowsPagesNoConversations HidesRefusalsFromPages HidesTheConversationFromPages PreflightsNeedAKey"
    ),
    "LastComeFirstServedAlways": "TakesTwinsForOne",
    "LetsEveryPageIn": "LetsPagesInByTheirStart",
    "ListsNoModel": "KnowsTheProfilesOfItsStart ListsProfilesWithAKey",
    "ListsOtherNames": "UnderscoresSeparate",
    "MergesAllTurns": (
        "AnswersWhoLeft BreaksOnTheSecondFollowUp BreaksOnTheSecondStart MergesFirstTurns MergesFollowUps"
    ),
    "NamesAnotherEachTime": "LeadsNowhere RenamesTheConversation",
    "NeverDone": "NeverDoneWithLongTexts",
    "NeverStreams": "StreamingIsUnprocessable",
    "NoticesStreamingTooLate": "CountsBeforeItRefuses PlaysRefusedFollowUps",
    "NumbersItsChunks": "UsageIsAnAnswerOfItsOwn",
    "OffersAnAlternativeAlways": "GivesChoices",
    "OutputsATool": "OutputsItsThoughts OutputsItsTools",
    "OverlooksTheField": "RefusesStreamsInTheBeginning StreamsForTheBlockingClient",
    "PassesTheFailureOn": "PassesRateLimitTextsOn",
    "ReadsNoParts": "ReadsPartsInTheBeginning ReadsTheFirstPart",
    "RefusesStrangersBodies": "LooksModelsUpForStrangers RefusesStrangersStreams",
    "RefusalsAreFailures": "BreaksOnBrokenJson BreaksOnForms BreaksOnMissingFields",
    "RefusesNothing": "AnswersAtOnce ForgetsThePrevious PromisesToStore",
    "RefusesTheHeader": "EmptyIsMalformed IsBoundToAModel KnowsOneSpelling",
    "ReplaysTheHistoryAlways": "BelievesTheHistory MakesInstructionsOfTheHistory PlaysResentTurnsAgain",
    "ResponsesFail": "RefusesToolsInResponses",
    "RoundsTheTotalUpAlways": "TotalsTheConversation",
    "SaysDone": "HasHeardThatBefore RepeatsItsFirstAnswer",
    "SendsNoText": "CutsBetweenBytes CutsCharacters StopsAtItsOwnMark",
    "ServesAnyModel": "NoNameIsTheDefault PrefixInAnyCase PrefixIsOptional ReadsTheStartOfAName ServesWhatItHasServed",
    "SessionHeaderIsForNativesAlways": "SessionHeaderIsNotForLists",
    "ShowsNoEvents": "KeepsOneTurn",
    "ShowsTheApiKey": "ListsTheApiKeys",
    "ShowsTracebacks": "ShowsWhereItFailed ShowsWhereItRefused",
    "StreamsAToolCallLaterAlways": "StreamsItsTools",
    "StreamsEveryAnswer": "StreamsForItsOptions",
    "StreamsItsErrors": "StreamsItsFailures",
    "TakesTextsOnly": "KnowsNoInputParts KnowsNoTypedMessages",
    "TellsEverything": "KnowsWhoCalls OffersTheClientsTools",
    "TellsItsReasonsAlways": "ThinksAloud ThinksAloudFromTheSecondToolOn",
    "TellsUsageUnasked": "TellsUsageForAnyOptions",
    "TrustsTheIntranetAlways": "AnyoneMayDelete AnyoneMayLookAround",
    "UnknownIsAFailure": "OrphansAreErrors",
    "UnknownPathsFail": "BreaksOnOtherMethods",
    "WantsNoObservation": "EmptyIsAName ParentsAreOfOneForm TagsHoldNoBlanks",
    "WantsOneForm": "AnEmptyHeaderSpoilsBoth ChatsWantOneCredential OneWrongHeaderSpoilsBoth",
    "WantsOneMessage": "UserHasTheLastWord WantsTextInEveryMessage",
    "WrongKeyIsForbiddenAlways": "NoKeyIsForbidden",
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
