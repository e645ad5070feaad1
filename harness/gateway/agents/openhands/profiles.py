"""LLM profiles, in the SDK's own store."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from openhands.sdk import LLM
from openhands.sdk.llm.llm_profile_store import LLMProfileStore, ProfileLimitExceeded
from openhands.sdk.utils.pydantic_secrets import REDACTED_SECRET_VALUE
from pydantic import ValidationError

from harness.gateway.agents import DamagedError, ProfileLimitError, ProfileNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from openhands.sdk.utils.cipher import Cipher

    from harness.json_value import Json

MOST_PROFILES = 50  # the limit of a released server


class Profiles:
    """The profiles of one gateway; keys are encrypted at rest."""

    def __init__(self, folder: Path, cipher: Cipher) -> None:
        self._store = LLMProfileStore(folder)
        self._cipher = cipher
        # The store polls its file lock every 50 ms while another thread holds it; our threads queue here instead.
        self._turns = threading.Lock()

    def names(self) -> list[str]:
        """All names, sorted."""
        # Called in every turn. The store's own list takes a file lock for it: 1 ms.
        return sorted(path.stem for path in self._store.base_dir.glob("*.json"))

    def summaries(self) -> list[dict[str, Json]]:
        """The list's entry for each profile, sorted by name."""
        with self._turns:
            return sorted(self._store.list_summaries(), key=lambda summary: str(summary["name"]))

    def get(self, name: str, *, expose_secrets: bool = False) -> dict[str, Json]:
        """The settings; secrets are null unless exposed. Raises ProfileNotFoundError, DamagedError."""
        llm = self._load(name, resolve_provider=False)
        context = {"expose_secrets": True} if expose_secrets else None
        settings = cast("dict[str, Json]", llm.model_dump(mode="json", context=context))
        return {key: None if value == REDACTED_SECRET_VALUE else value for key, value in settings.items()}

    def save(self, name: str, llm: dict[str, Json], *, include_secrets: bool) -> None:
        """Create or overwrite. Raises ValueError (text safe to show), ProfileLimitError."""
        try:
            settings = LLM.model_validate(llm)
        except ValidationError as error:
            # The message leaves the values out: one of them is the key.
            problems = (f"{'.'.join(map(str, e['loc'])) or 'llm'}: {e['msg']}" for e in error.errors())
            raise ValueError("; ".join(problems)) from None
        try:
            with self._turns:
                self._store.save(
                    name, settings, include_secrets=include_secrets, cipher=self._cipher, max_profiles=MOST_PROFILES
                )
        except ProfileLimitExceeded:
            raise ProfileLimitError(f"Profile limit reached ({MOST_PROFILES}).") from None

    def rename(self, name: str, new_name: str) -> None:
        """Raises ProfileNotFoundError, FileExistsError."""
        try:
            with self._turns:
                self._store.rename(name, new_name)
        except FileNotFoundError:
            raise ProfileNotFoundError(name) from None

    def delete(self, name: str) -> None:
        """Delete a profile; a missing one is no error."""
        with self._turns:
            self._store.delete(name)

    def llm(self, name: str) -> LLM:
        """The model to run a conversation on. Raises ProfileNotFoundError, DamagedError."""
        return self._load(name, resolve_provider=True)

    def check_cipher(self) -> None:
        """Raise ValueError if a stored API key can't be decrypted; the SDK would go on without it."""
        own_keys = [s for s in self.summaries() if s["api_key_set"] and not s["provider_connection_id"]]
        for name in (str(summary["name"]) for summary in own_keys):
            with suppress(DamagedError):  # reported when the profile is used
                if self._load(name, resolve_provider=False).api_key is None:
                    raise ValueError(f"profile {name!r} was stored under another OH_SECRET_KEY")

    def _load(self, name: str, *, resolve_provider: bool) -> LLM:
        # The name comes from a request. The store raises ValueError for `a/b`, and takes `a.json` for `a`.
        if name not in self.names():
            raise ProfileNotFoundError(name)
        try:
            with self._turns:
                return self._store.load(name, cipher=self._cipher, resolve_provider=resolve_provider)
        except FileNotFoundError:
            raise ProfileNotFoundError(name) from None
        except ValueError as error:
            raise DamagedError(f"profile {name!r}") from error
