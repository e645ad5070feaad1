"""From the TARGETs of the command line to the columns of a matrix: a range of releases becomes a column each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from harness.targets import TargetUsageError
from harness.targets.installation import FIRST, PACKAGE, published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.targets import Progress

_KIND = "agent-server"


def columns(targets: Sequence[str], progress: Progress) -> tuple[str, ...]:
    """The targets in the order in which they were given, each once; releases of a range from the oldest on.

    Raises:
        TargetUsageError: a range is no range of versions (PEP 440), or no release is in it.
        TargetError: the package index can't be asked which releases there are.
    """
    found: dict[str, None] = {}
    for target in targets:
        found |= dict.fromkeys(_releases(target, progress) if _is_range(target) else [target])
    return tuple(found)


def release(target: str) -> Version | None:
    """The release that a target is, when it names one: `agent-server==1.58.0`."""
    kind, equals, version = target.partition("==")
    return Version(version) if kind == _KIND and equals else None


def _is_range(target: str) -> bool:
    asked = target.removeprefix(_KIND)
    return target != asked and asked[:1] in {"<", ">", "~", "!", "="} and ("," in asked or not asked.startswith("=="))


def _releases(target: str, progress: Progress) -> list[str]:
    try:
        asked = SpecifierSet(target.removeprefix(_KIND))
    except InvalidSpecifier:
        raise TargetUsageError(
            f"`{target}` is no range of versions",
            where="TARGET",
            advice=f"write it as in `{_KIND}>=1.40` or `{_KIND}>=1.40,<1.50`",
        ) from None
    progress(f"asking the package index for the releases of {PACKAGE}")
    everything = published()
    chosen = [version for version in everything if version >= FIRST and version in asked]
    if not chosen:
        raise TargetUsageError(
            f"no release is in `{target}`",
            where="TARGET",
            advice=f"the releases that have the endpoint go from {FIRST} to {everything[-1]}",
        )
    return [f"{_KIND}=={version}" for version in chosen]
