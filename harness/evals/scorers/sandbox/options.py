"""The options that all scorers have which run programs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, PrivateAttr

from harness.evals.scorers.sandbox.sandbox import Limits, Sandbox

_Bytes = Annotated[int, Field(gt=0)]


class SandboxOptions(BaseModel):
    """What a program may use, and how it is guarded."""

    seconds: float = Field(default=30, gt=0)
    """Of the clock."""
    cpu_seconds: int = Field(default=10, gt=0)
    """Of a processor."""
    memory: int = Field(default=1024, gt=0)
    """Mebibytes of address space of each process."""
    processes: int = Field(default=1, gt=0)
    """At once; threads of a single process are not counted."""
    disk: int = Field(default=64, gt=0)
    """Mebibytes of all its files."""
    allow_network: bool = False
    """Whether it may use the network."""
    unguarded: bool = False
    """Whether a machine will do that can't guard files and network (Linux 5.13 can): say so in a container of its own."""
    _sandbox: Sandbox = PrivateAttr()

    def model_post_init(self, _context: object) -> None:
        """Make the sandbox."""
        limits = Limits(
            seconds=self.seconds,
            cpu_seconds=self.cpu_seconds,
            memory=self.memory << 20,
            processes=self.processes,
            disk=self.disk << 20,
        )
        self._sandbox = Sandbox(limits, self._reads(), network=self.allow_network, guarded=not self.unguarded)

    def _reads(self) -> tuple[str, ...] | None:
        return None
