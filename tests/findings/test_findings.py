"""Everything that the findings name exists: requirements, levels, scenarios, a line in the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.matrix.record import Matrix
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.verdict import State

FOLDER = Path(__file__).parents[2] / "reports" / "findings"
INDEX = (FOLDER / "README.md").read_text("utf-8")
FINDINGS = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.md")) if path.name != "README.md"}
PARTS = [
    "What is expected",
    "What the server does",
    "Since when",
    "Whom it hurts",
    "What would mend it",
    "See it yourself",
]
SUITE = load_suite(corpus_folder())
MATRIX = Matrix.model_validate_json((FOLDER.parent / "matrix" / "matrix.json").read_text("utf-8"))
RELEASES = [column.release for column in MATRIX.columns if column.release]
PROVES = {scenario.id.partition("[")[0]: scenario.requirement for scenario in SUITE.scenarios.values()}


def facts(text: str) -> dict[str, str]:
    """The table at the top of a finding."""
    return dict(re.findall(r"^\| (\w+) \| (.+) \|$", text.partition("## ")[0], re.MULTILINE))


def requirements(text: str) -> list[str]:
    return facts(text)["requirement"].split(", ")


def scenario(text: str) -> str:
    return facts(text)["scenario"].strip("`")


def first_and_last(releases: str) -> list[str]:
    return re.findall(r"\b1\.\d+\.\d+\b", releases.partition(" (")[0])


def deviating(requirement: str) -> list[str]:
    """The releases that the matrix saw deviate from a requirement, in one run at least."""
    (row,) = (row for row in MATRIX.rows if row.id == requirement)
    of_releases = zip(MATRIX.columns, row.cells, strict=True)
    bad = {State.FAILED, State.FLAKY, State.WARNED, State.KNOWN}
    return [column.release for column, cell in of_releases if column.release and bad & cell.states.keys()]


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_has_every_part(name: str) -> None:
    assert FINDINGS[name].startswith("# ")
    assert re.findall(r"^## (.+)$", FINDINGS[name], re.MULTILINE) == PARTS


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_has_the_level_of_its_requirements(name: str) -> None:
    levels = {SUITE.requirements[each].level.value for each in requirements(FINDINGS[name])}
    assert levels == {facts(FINDINGS[name])["level"]}


@pytest.mark.parametrize("name", FINDINGS)
def test_a_findings_scenario_proves_one_of_its_requirements(name: str) -> None:
    assert PROVES[scenario(FINDINGS[name])] in requirements(FINDINGS[name])


@pytest.mark.parametrize("name", FINDINGS)
def test_every_requirement_and_scenario_that_a_finding_speaks_of_exists(name: str) -> None:
    named = set(re.findall(r"\b[A-Z]+-\d+\b", FINDINGS[name])) - {"UTF-8", "UTF-16"}
    assert named - SUITE.requirements.keys() == set()
    areas = "|".join({name.partition("/")[0] for name in PROVES})
    assert set(re.findall(rf"[`']((?:{areas})/[\w-]+)[`']", FINDINGS[name])) - PROVES.keys() == set()


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_tells_how_to_see_it_on_the_last_release_that_has_it(name: str) -> None:
    text = FINDINGS[name]
    command = text.partition("## See it yourself")[2]
    assert f"gateway-harness check agent-server=={first_and_last(facts(text)['releases'])[-1]} " in command
    assert f"--scenario '{scenario(text)}'" in command


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_names_the_releases_that_the_matrix_saw_it_on(name: str) -> None:
    first, last = first_and_last(facts(FINDINGS[name])["releases"])
    named = RELEASES[RELEASES.index(first) : RELEASES.index(last) + 1]
    assert {each: deviating(each) for each in requirements(FINDINGS[name])} == dict.fromkeys(
        requirements(FINDINGS[name]), named
    )


def test_what_the_newest_release_does_otherwise_has_a_finding_or_is_spoken_of_in_one() -> None:
    spoken_of = set(re.findall(r"\b[A-Z]+-\d+\b", "".join(FINDINGS.values())))
    assert {row.id for row in MATRIX.rows if RELEASES[-1] in deviating(row.id)} <= spoken_of


def test_what_is_gone_since_is_told_with_the_releases_that_had_it() -> None:
    table = INDEX.partition("## Gone since")[2].partition("## ")[0]
    told = dict(re.findall(r"^\| .+ \| ([A-Z]+-\d+) \| (.+) \|$", table, re.MULTILINE))
    gone = {row.id: found for row in MATRIX.rows if (found := deviating(row.id)) and RELEASES[-1] not in found}
    assert {name: first_and_last(releases) for name, releases in told.items()} == {
        name: list(dict.fromkeys((found[0], found[-1]))) for name, found in gone.items()
    }


def test_the_index_has_each_finding_once_with_what_its_page_says() -> None:
    rows = re.findall(r"^\| \[(.+)\]\((.+\.md)\) \| (.+) \| (.+) \| .+ \|$", INDEX, re.MULTILINE)
    pages = [
        (
            text.partition("\n")[0].removeprefix("# "),
            name,
            facts(text)["requirement"],
            facts(text)["releases"].partition(" (")[0],
        )
        for name, text in FINDINGS.items()
    ]
    assert sorted(rows) == sorted(pages)


def test_findings_link_to_findings_that_there_are() -> None:
    links = {link for text in FINDINGS.values() for link in re.findall(r"\]\(([\w-]+\.md)\)", text)}
    assert links - FINDINGS.keys() == set()
