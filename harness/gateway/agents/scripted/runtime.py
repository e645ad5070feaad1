"""The runtime of scripted agents: their profiles and stored conversations."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from uuid import UUID

from harness.gateway.agents import DamagedError, ProfileNotFoundError
from harness.gateway.agents.scripted.events import Log
from harness.gateway.agents.scripted.profiles import ScriptedProfiles
from harness.gateway.agents.scripted.session import ScriptedSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.model.log import RequestLog

_HEX = "[0-9a-f]" * 32


class ScriptedRuntime:
    """Scripted agents as the gateway's runtime.

    `state` is the only folder it writes to; requests that a model would get go to `model_log`.
    """

    name = "scripted"

    def __init__(self, state: Path, *, secret_key: str, model_log: RequestLog, profiles: int = 50) -> None:
        self._model_log = model_log
        self._conversations = state / "conversations"
        self._conversations.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = state / "profiles"
        folder.mkdir(exist_ok=True, mode=0o700)
        self.profiles = ScriptedProfiles(folder, secret_key, limit=profiles)

    def load(self) -> None:
        for name in self.profiles.names():
            try:
                self.profiles.get(name)
            except DamagedError as error:
                raise ValueError(f"{error} is damaged, or was stored under another OH_SECRET_KEY") from None

    def start(self, conversation: UUID, profile: str, instructions: str | None) -> ScriptedSession:
        if profile not in self.profiles.names():
            raise ProfileNotFoundError(profile)
        llm = self.profiles.get(profile, expose_secrets=True)
        log = Log.create(
            self._path(conversation),
            conversation,
            str(llm["model"]),
            instructions,
            api_key_set=bool(llm.get("api_key")),
        )
        return ScriptedSession(log, self._model_log)

    def restore(self, conversation: UUID) -> ScriptedSession:
        return ScriptedSession(Log.read(self._path(conversation), conversation), self._model_log)

    def stored(self) -> Sequence[UUID]:
        return [UUID(path.parent.name) for path in sorted(self._conversations.glob(f"{_HEX}/events.jsonl"))]

    def delete(self, conversation: UUID) -> bool:
        path = self._path(conversation)
        if not path.exists():
            return False
        shutil.rmtree(path)
        return True

    def _path(self, conversation: UUID) -> Path:
        return self._conversations / conversation.hex
