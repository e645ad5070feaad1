"""Conversation ids are chosen by the client, so that a conversation can be found whatever happened to its request."""

from __future__ import annotations

from uuid import UUID, uuid5

_NAMESPACE = UUID("6f0c7a52-6a5c-4a59-9a55-0d0a2b6f7f4e")


def conversation_id(run: str, sample: str, epoch: int, attempt: int) -> str:
    """The UUIDv5 of an attempt (from 1) at a sample in an epoch (from 1) of a run; always the same one."""
    return str(uuid5(_NAMESPACE, "\0".join([run, str(epoch), str(attempt), sample])))
