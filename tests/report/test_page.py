"""The HTML page: nothing a server says becomes markup, and it stays small."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.report.page import page
from harness.verdict import State
from tests.report.reports import many, report

if TYPE_CHECKING:
    from harness.report.record import Report

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "</pre></details></main>",
    '" onmouseover="alert(1)" x="',
    "<!-- ",
    "]]></svg>",
    "&lt;b&gt;",
    "\x1b[2J\u202e\x00\u2028",
]

texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.text("<>\"'&/=!-`\x1b\u202e sciptylemg", max_size=40)


class Outline(HTMLParser):
    """The elements of a page with the names of their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.text = ""
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *sorted(name for name, _ in attrs)))
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src", "action"}:
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=60, deadline=None)
@given(texts.filter(str.strip))
@example(HOSTILE[0])
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[3])
@example(HOSTILE[4])
@example(HOSTILE[5])
def test_a_servers_text_adds_no_element_and_no_attribute(text: str) -> None:
    assert Outline(page(report(text))).elements == Outline(page(report())).elements


@pytest.mark.parametrize("text", HOSTILE)
def test_a_servers_text_is_shown_as_it_came(text: str) -> None:
    outline = Outline(page(report(text)))
    shown = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
    assert outline.text.count(shown) >= 10
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page(report(text)))


def test_the_page_loads_nothing_and_links_only_to_itself() -> None:
    outline = Outline(page(many(60, state=State.FAILED)))
    assert outline.links
    assert all(link.startswith("#") for link in outline.links)
    assert "img" not in {element[0] for element in outline.elements}


def test_every_link_of_the_page_leads_somewhere_and_no_id_is_there_twice() -> None:
    outline = Outline(page(many(60, state=State.FAILED)))
    assert len(outline.ids) == len(set(outline.ids))
    targets = {link[1:].replace("%5B", "[").replace("%5D", "]") for link in outline.links}
    assert targets <= set(outline.ids)


def test_each_exchange_has_its_answer_the_clients_view_and_two_ways_to_repeat_it() -> None:
    text = Outline(page(many(20))).text
    for part in ("HTTP 200", "The official client returned ChatCompletion", "curl -i http", "client.chat.completions"):
        assert text.count(part) >= 40


def size(made: Report) -> int:
    return len(page(made).encode())


def test_250_scenarios_make_a_page_under_one_and_a_half_megabyte() -> None:
    for made in (many(250), many(250, body="long " * 5000), many(250, body="é" * 20_000, state=State.FAILED)):
        assert size(made) < 1_500_000


def test_what_is_left_out_of_a_page_is_said_there() -> None:
    crowded = page(many(250, body="long " * 5000))
    assert "2 exchanges are left out, to keep the page small; report.json has them." in crowded
    assert "… (24999 characters in all; report.json has them)" not in crowded
    assert "characters in all; report.json has them)" in crowded
    assert "left out" not in page(many(100))


def test_the_evidence_of_what_failed_is_the_last_to_be_left_out() -> None:
    crowd = many(250, body="long " * 5000)
    failed = crowd.scenarios[-1].model_copy(update={"state": State.FAILED})
    made = page(crowd.model_copy(update={"scenarios": (*crowd.scenarios[:-1], failed)}))
    assert "left out" not in made[made.index(f'id="{failed.id}"') :].partition('id="latency"')[0]


def test_a_page_for_a_thousand_scenarios_is_one_that_a_phone_still_opens() -> None:
    assert size(many(1200, body="long " * 5000)) < 5_000_000
