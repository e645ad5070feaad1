"""A small suite to spoil: text for a folder of scenario files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

REQUIREMENTS = """\
requirements:
  - id: AUTH-1
    level: MUST
    text: The key opens the door.
    source: What to Configure
  - id: AUTH-2
    level: SHOULD
    text: A wrong key does not.
    source: What to Configure
    contracts: [agent-server]
    versions: ">=1.28,<2"
"""

SCENARIOS = """\
area: auth
scenarios:
  - id: auth/opens
    title: The key opens the list
    requirement: AUTH-1
    steps:
      - call: models.list
        expect: {status: 200, returns: ModelList}
  - id: auth/refuses
    title: A wrong key opens nothing
    requirement: AUTH-2
    control: auth/opens
    needs: [authentication]
    tags: [smoke]
    cases:
      bearer: {credential: wrong-bearer}
      header: {credential: wrong-session-header}
    steps:
      - call: models.list
        auth: ${credential}
        expect: {status: 401, raises: AuthenticationError}
"""

ENTRY = """\
area: auth
scenarios:
  - id: auth/one
    title: A title
    requirement: AUTH-1
    steps:
"""
"""The beginning of a scenario file whose lines from 7 on are the steps of `auth/one`."""


def write_suite(folder: Path, auth: str = SCENARIOS, requirements: str | None = REQUIREMENTS, **areas: str) -> Path:
    """Write a folder of scenario files and return it."""
    folder.mkdir(exist_ok=True)
    if requirements is not None:
        (folder / "requirements.yaml").write_text(requirements)
    for area, text in {"auth": auth, **areas}.items():
        (folder / f"{area}.yaml").write_text(text)
    return folder
