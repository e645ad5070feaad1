"""A search and filters over the things of a page; without a script the page shows them all."""

from __future__ import annotations

import json
from pathlib import Path

from harness.presentation.markup import Markup, tag

_SCRIPT = Path(__file__).with_name("filter.js")


def script(things: str, noun: str, *, words: str | None = None, groups: str | None = None) -> str:
    """The script that filters a page as its form says, and keeps the filter in the address.

    A thing is shown when, for each field of the form, the `data-` attribute of that name, its own or that of an element
    around it, is what was chosen.

    Args:
        things: selects them.
        noun: what they are called, and the address of the section that they stand in.
        words: selects what is searched in each; None: all of it. `data-text` goes before.
        groups: selects what is hidden when everything in it is.
    """
    page = {"things": things, "noun": noun, "words": words, "groups": groups}
    return f'"use strict";\nconst page = {json.dumps(page)};\n{_SCRIPT.read_text("utf-8")}'


def form(noun: str, placeholder: str, *parts: str) -> Markup:
    """The form, which the script shows.

    Args:
        noun: what is filtered.
        placeholder: what can be searched for.
        parts: what there is besides the search.
    """
    search = tag("label", "Search ", tag("input", type="search", name="q", placeholder=placeholder))
    return tag(
        "form",
        search,
        *parts,
        id="filters",
        role="search",
        aria_label=f"Filter the {noun}",
        hidden=True,
    )


def chip(name: str, value: str | None, label: str) -> Markup:
    """A box to be ticked; without a value it stands for a thing that has the attribute at all."""
    return tag("label", tag("input", type="checkbox", name=name, value=value), " ", label, class_="chip")


def choice(label: str, name: str, everything: str, options: list[str]) -> Markup:
    """One of several, or all."""
    listed = [tag("option", everything, value=""), *(tag("option", option, value=option) for option in options)]
    return tag("label", f"{label} ", tag("select", *listed, name=name))
