"""The runtime: what every conversation of one gateway has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from harness.gateway.agents import ProfileStore

type Tools = Literal["none", "default"]
type Workspace = Literal["per-conversation", "shared"]


class OpenHandsRuntime:
    """OpenHands agents as the gateway's runtime.

    `state` is the only folder that is written to. `secret_key` encrypts upstream keys at rest; without one, a key is
    made once and kept in `state` (mode 0600). `durable=False` holds conversations in memory only. Making the runtime
    is cheap: the SDK (6 s CPU) is imported by `load`, and `profiles` is there after that.
    """

    name = "openhands"
    profiles: ProfileStore

    def __init__(
        self,
        state: Path,
        *,
        tools: Tools,
        workspace: Workspace,
        secret_key: str | None,
        durable: bool = True,
    ) -> None:
        self._state = state
        self._tools = tools
        self._workspace = workspace
        self._secret_key = secret_key
        self._durable = durable
