"""From the TARGET of the command line to a target."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

from harness.scenarios.model import Contract
from harness.targets import TargetUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.targets import Target

FORMS = "a URL such as http://localhost:8000, `reference`, or `agent-server[==VERSION]`"


def parse_target(
    text: str | None,
    *,
    environment: Mapping[str, str] = os.environ,
    session_key_file: Path | None = None,
    model: str | None = None,
    wait: float = 0,
    contract: Contract = Contract.DOCUMENTED,
    agent: str | None = None,
) -> Target:
    """The target that a person means.

    Args:
        text: a URL, `reference`, `agent-server` or `agent-server==VERSION`; None means AGENT_SERVER_URL, and without
            that `reference`.
        environment: SESSION_API_KEY, OPENHANDS_MODEL and AGENT_SERVER_URL are read from it.
        session_key_file: holds the session key of a URL; beats SESSION_API_KEY.
        model: the model to ask of a URL; beats OPENHANDS_MODEL.
        wait: seconds that the server at a URL is given to answer, if it is still starting.
        contract: the dialect that the reference gateway is to speak.
        agent: the agent behind the reference gateway: `openhands` (as is None) or `scripted`.

    Raises:
        TargetUsageError: no target is meant by that, its key or version can't be used, or a flag means another kind.
    """
    text = text or environment.get("AGENT_SERVER_URL") or "reference"
    kind, equals, version = text.partition("==")
    foreign: dict[str, object] = {"--agent": agent} if "://" in text or kind == "agent-server" else {}
    if text == "reference" or kind == "agent-server":
        foreign |= {"--model": model, "--session-key-file": session_key_file}
    if meaningless := [flag for flag, value in foreign.items() if value is not None]:
        raise TargetUsageError(
            f"{' and '.join(meaningless)} would change nothing about `{text}`",
            where="TARGET",
            advice="--model and --session-key-file are for a URL, --agent is for `reference`",
        )
    if text == "reference":
        from harness.targets.reference import ReferenceTarget

        return ReferenceTarget(contract=contract, agent=agent or "openhands")
    if kind == "agent-server" and (version or not equals):
        from harness.targets.agent_server import AgentServerTarget

        return AgentServerTarget(version or None, interpreter=environment.get("AGENT_SERVER_PYTHON"))
    if "://" in text:
        from harness.targets.url import UrlTarget, session_key

        key = session_key(session_key_file, environment)
        return UrlTarget(text, key=key, model=model or environment.get("OPENHANDS_MODEL") or None, wait=wait)
    close = difflib.get_close_matches(kind, ["reference", "agent-server"], n=1)
    guess = close[0] if close else f"http://{text}" if "." in text or ":" in text or text == "localhost" else None
    raise TargetUsageError(
        f"`{text}` names no target" + (f"; did you mean `{guess}`?" if guess else ""),
        where="TARGET",
        advice=f"give {FORMS}",
    )
