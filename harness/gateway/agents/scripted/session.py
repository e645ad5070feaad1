"""One scripted conversation: an agent's loop around the scripted model's rules."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, cast

from harness.gateway.agents import Answer, Image, Text, TurnFailedError, Usage
from harness.gateway.agents.scripted import events
from harness.model.rules import NUDGE, Failure, Reply, respond
from harness.model.rules import Usage as ModelUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.gateway.agents.scripted.events import Event, Log
    from harness.json_value import Json
    from harness.model.log import RequestLog
    from harness.model.rules import ToolCall

# The SDK (1.58.0) declares an agent stuck after four identical calls or three empty replies.
_SAME_CALLS = 4
_EMPTY_REPLIES = 3


class ScriptedSession:
    """A conversation; its events are its whole state."""

    def __init__(self, log: Log, model_log: RequestLog) -> None:
        self._log = log
        self._model_log = model_log
        self._interrupted = threading.Event()
        self._running = False

    def turn(self, parts: Sequence[Text | Image]) -> Answer:
        text = "\n".join(part.text for part in parts if isinstance(part, Text))
        images = tuple(part.url for part in parts if isinstance(part, Image))
        self._interrupted.clear()
        self._running = True
        usage = Usage()
        try:
            self._log.append(events.message("user", text, images=images))
            last_call: ToolCall | None = None
            repeated = 0
            nudges: list[dict[str, object]] = []
            while True:
                reply = self._ask([*_messages(self._log.events), *nudges])
                if self._interrupted.wait(reply.delay):
                    raise self._failed("paused", "TurnInterrupted", "The turn was interrupted.", usage)
                usage = Usage(
                    usage.prompt_tokens + reply.usage.prompt_tokens,
                    usage.completion_tokens + reply.usage.completion_tokens,
                )
                if reply.failure is Failure.EMPTY:
                    nudges.append({"role": "user", "content": NUDGE})
                    if len(nudges) == _EMPTY_REPLIES:
                        raise self._failed("stuck", "StuckError", "The agent's model said nothing.", usage)
                elif reply.failure is not None:
                    raise self._failed("error", "LLMError", "The agent's model failed.", usage)
                elif reply.tool_call is None:
                    self._log.append(events.message("assistant", reply.text), *self._state("finished", usage))
                    return Answer(reply.text, usage)
                else:
                    called = events.action(reply.tool_call.name, reply.tool_call.arguments)
                    if (final := _final_text(called)) is not None:
                        result = events.observation(called, final)
                        self._log.append(called, result, *self._state("finished", usage))
                        return Answer(final, usage)
                    if self._log.last_state("needs_confirmation"):
                        self._log.append(called, events.observation(called, "rejected"))
                        status = "waiting_for_confirmation"
                        raise self._failed(status, "NotConfirmed", "A tool call needs a confirmation.", usage)
                    self._log.append(called, events.observation(called, self._result(reply.tool_call)))
                    repeated = repeated + 1 if reply.tool_call == last_call else 1
                    last_call = reply.tool_call
                    if repeated == _SAME_CALLS:
                        raise self._failed(
                            "stuck", "StuckError", "The agent made the same call again and again.", usage
                        )
        finally:
            self._running = False

    def _ask(self, messages: list[dict[str, object]]) -> Reply:
        """The model's reply. Without a key the agent's client fails before the model is asked, as the SDK's does."""
        if not self._log.events[0]["api_key_set"]:
            return Reply("", ModelUsage(0, 0), failure=Failure.ERROR)
        self._model_log.record(model=self._model, messages=messages)
        return respond(messages, self._model)

    def interrupt(self) -> None:
        self._interrupted.set()

    def confirm(self, *, always: bool) -> None:
        status = str(self._log.last_state("execution_status") or "idle")
        self._log.append(*events.state(status, needs_confirmation=always))

    def info(self) -> dict[str, Json]:
        first, newest = self._log.events[0], self._log.events[-1]
        status = "running" if self._running else self._log.last_state("execution_status") or "idle"
        return {
            "id": str(self._log.conversation),
            "execution_status": status,
            "created_at": first["timestamp"],
            "updated_at": newest["timestamp"],
            "workspace": {"kind": "LocalWorkspace", "working_dir": self._folder},
            "agent": {"kind": "ScriptedAgent", "llm": {"model": first["model"]}},
            "stats": {
                "usage_to_metrics": {
                    "default": {
                        "model_name": first["model"],
                        "accumulated_cost": 0.0,
                        "accumulated_token_usage": self._tokens(),
                    }
                }
            },
        }

    def events(self) -> Sequence[dict[str, Json]]:
        return list(self._log.events)

    def final_response(self) -> str:
        texts = [_final_text(event) for event in self._log.events if event["source"] == "agent"]
        return next((text for text in reversed(texts) if text is not None), "")

    def close(self) -> None:
        """Do nothing: no resource is open."""

    @property
    def _model(self) -> str:
        """The model's name without LiteLLM's provider prefix, such as `openai/`."""
        model = str(self._log.events[0]["model"])
        return model.partition("/")[2] or model

    @property
    def _folder(self) -> str:
        """The working directory, which stays empty: no tool runs."""
        return str(self._log.path.parent.absolute() / "workspace")

    def _result(self, call: ToolCall) -> str:
        """What a tool answers: the terminal knows where it is, and no other command."""
        asks_where = call.name == "terminal" and json.loads(call.arguments).get("command") == "pwd"
        return self._folder if asks_where else f"{call.name}: done"

    def _tokens(self) -> dict[str, Json]:
        tokens = self._log.last_state("accumulated_token_usage")
        return cast("dict[str, Json]", tokens or {"prompt_tokens": 0, "completion_tokens": 0})

    def _state(self, status: str, usage: Usage) -> tuple[Event, ...]:
        before = cast("dict[str, int]", self._tokens())
        return events.state(
            status,
            accumulated_token_usage={
                "prompt_tokens": before["prompt_tokens"] + usage.prompt_tokens,
                "completion_tokens": before["completion_tokens"] + usage.completion_tokens,
            },
        )

    def _failed(self, status: str, code: str, detail: str, usage: Usage) -> TurnFailedError:
        self._log.append(events.error(code, detail), *self._state(status, usage))
        return TurnFailedError(status, detail)


def _final_text(event: Event) -> str | None:
    """The text of a message, or of a call of the tool `finish`; None if the event has none."""
    if event["kind"] == "ActionEvent" and event["tool_name"] == "finish":
        text = cast("dict[str, Json]", event["action"]).get("message")
        return text if isinstance(text, str) else None
    return _text(event) if event["kind"] == "MessageEvent" else None


def _text(event: Event) -> str:
    message = cast("dict[str, list[dict[str, str]]]", event["llm_message"])
    return message["content"][0]["text"]


def _messages(log: Sequence[Event]) -> list[dict[str, object]]:
    """The messages for the model, without those that the agent never acted on because their turns failed."""
    messages: list[dict[str, object]] = []
    for event in log:
        match event["kind"]:
            case "SystemPromptEvent":
                prompt = cast("dict[str, str]", event["system_prompt"])
                messages.append({"role": "system", "content": prompt["text"]})
            case "ConversationErrorEvent" if messages[-1]["role"] == "user":
                messages.pop()
            case "MessageEvent":
                role = "user" if event["source"] == "user" else "assistant"
                messages.append({"role": role, "content": _text(event)})
            case "ActionEvent" if _final_text(event) is not None:
                messages.append({"role": "assistant", "content": _final_text(event)})
            case "ActionEvent":
                messages.append({"role": "assistant", "content": None})
            case "ObservationEvent" if messages[-1]["content"] is None:
                messages.append({"role": "tool", "content": "done"})
    return messages
