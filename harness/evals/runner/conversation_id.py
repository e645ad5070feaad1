"""The conversation ids that we choose, so that a conversation can be found again whatever became of its request."""

from __future__ import annotations

from uuid import UUID, uuid5

_NAMESPACE = UUID("6f0c7a52-6a5c-4a59-9a55-0d0a2b6f7f4e")


def conversation_id(run: str, sample: str, epoch: int, attempt: int) -> str:
    """A UUIDv5; another one for each run, sample, epoch (from 1) and attempt (from 1), and always the same."""
    return str(uuid5(_NAMESPACE, "\0".join([run, str(epoch), str(attempt), sample])))
