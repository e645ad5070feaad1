"""Mutants of the workspace: gateways whose record of a conversation names none, or another."""

from __future__ import annotations

from typing import Any

from harness.mutants.mutant import SpoilsAnswers


class _SpoilsTheRecord(SpoilsAnswers):
    """Changes the record of a conversation."""

    method, path = "GET", "/api/conversations/[^/]+"


class HidesItsWorkspace(_SpoilsTheRecord):
    """Leaves the workspace out of a conversation's record."""

    breaks = "CONV-33"

    def spoil(self, body: dict[str, Any]) -> None:
        body.pop("workspace", None)


class NamesAnotherWorkspace(_SpoilsTheRecord):
    """Names the folder inside a container, where the agent isn't."""

    breaks = "CONV-33"

    def spoil(self, body: dict[str, Any]) -> None:
        if "workspace" in body:
            body["workspace"]["working_dir"] = "/workspace/project"
