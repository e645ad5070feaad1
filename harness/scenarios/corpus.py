"""Locates the packaged scenarios."""

from __future__ import annotations

from pathlib import Path


def corpus_folder() -> Path:
    """The folder of the packaged scenarios; in a checkout, its own `scenarios/`."""
    package = Path(__file__).parents[1]
    packaged = package / "corpus"
    return packaged if packaged.is_dir() else package.parent / "scenarios"
