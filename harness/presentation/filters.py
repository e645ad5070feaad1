"""Search and filters for a page; without JavaScript the page shows everything."""

from __future__ import annotations

import json
from pathlib import Path

from harness.presentation.markup import Markup, tag

_SCRIPT = Path(__file__).with_name("filter.js")


def script(things: str, noun: str, *, words: str | None = None, groups: str | None = None) -> str:
    """The script that filters a page by its form and keeps the filter in the URL.

    An element is shown when, for each field of the form, the `data-` attribute of that name, its own or an ancestor's,
    has the chosen value.

    Args:
        things: CSS selector of the elements to filter.
        noun: their name in the plural, and the id of their section.
        words: selector of the text to search in each; None: all of it. `data-text` takes precedence.
        groups: selector of what is hidden when everything in it is.
    """
    page = {"things": things, "noun": noun, "words": words, "groups": groups}
    return f'"use strict";\nconst page = {json.dumps(page)};\n{_SCRIPT.read_text("utf-8")}'


def form(noun: str, placeholder: str, *parts: str) -> Markup:
    """The filter form, hidden until the script shows it.

    Args:
        noun: what is filtered, in the plural.
        placeholder: which fields the search covers.
        parts: further fields.
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
    """A checkbox; without a value it matches every element that has the attribute."""
    return tag("label", tag("input", type="checkbox", name=name, value=value), " ", label, class_="chip")


def choice(label: str, name: str, everything: str, options: list[str]) -> Markup:
    """A select of one option, or all."""
    listed = [tag("option", everything, value=""), *(tag("option", option, value=option) for option in options)]
    return tag("label", f"{label} ", tag("select", *listed, name=name))
