"""LLM profiles of the scripted agent, which calls no LLM: one encrypted file each."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken

from harness.gateway.agents import DamagedError, ProfileLimitError, ProfileNotFoundError
from harness.gateway.state import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.json_value import Json

# The fields of the SDK's LLM that are secret.
_SECRETS = ("api_key", "aws_access_key_id", "aws_secret_access_key", "aws_session_token")


class ScriptedProfiles:
    """Profiles in one folder, encrypted with one key."""

    def __init__(self, folder: Path, secret_key: str, *, limit: int) -> None:
        self._folder = folder
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret_key.encode()).digest()))
        self._limit = limit
        self._lock = threading.Lock()

    def names(self) -> Sequence[str]:
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def summaries(self) -> Sequence[dict[str, Json]]:
        found = []
        for name in self.names():
            with suppress(ProfileNotFoundError, DamagedError):  # deleted meanwhile, or unreadable
                found.append(self._summary(name))
        return found

    def get(self, name: str, *, expose_secrets: bool = False) -> dict[str, Json]:
        try:
            token = self._path(name).read_bytes()
        except FileNotFoundError:
            raise ProfileNotFoundError(name) from None
        try:
            llm: dict[str, Json] = {"base_url": None, **json.loads(self._fernet.decrypt(token))}
        except InvalidToken as error:
            raise DamagedError(f"profile {name!r}") from error
        return llm if expose_secrets else {**llm, **dict.fromkeys(_SECRETS)}

    def save(self, name: str, llm: dict[str, Json], *, include_secrets: bool) -> None:
        for field in (*_SECRETS, "base_url"):
            if not isinstance(llm.get(field), str | None):
                raise ValueError(f"{field} is a string or null")
        with self._lock:
            names = self.names()
            if name not in names and len(names) >= self._limit:
                raise ProfileLimitError
            kept = llm if include_secrets else {**llm, **dict.fromkeys(_SECRETS)}
            replace_file(self._path(name), self._fernet.encrypt(json.dumps(kept).encode()))

    def rename(self, name: str, new_name: str) -> None:
        with self._lock:
            names = self.names()
            if name not in names:
                raise ProfileNotFoundError(name)
            if new_name != name and new_name in names:
                raise FileExistsError(new_name)
            self._path(name).replace(self._path(new_name))

    def delete(self, name: str) -> None:
        with self._lock:
            self._path(name).unlink(missing_ok=True)

    def _summary(self, name: str) -> dict[str, Json]:
        llm = self.get(name, expose_secrets=True)
        return {
            "name": name,
            "model": llm.get("model"),
            "base_url": llm.get("base_url"),
            "provider_connection_id": None,
            "provider_connection_broken": False,
            "api_key_set": bool(llm.get("api_key")),
        }

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
