"""Any file gives a suite or a list of problems."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.reading.problems import FileError
from harness.reading.yaml_nodes import MAX_DEPTH, parse_yaml
from harness.scenarios.lint import lint
from harness.scenarios.load import load_suite
from tests.scenarios.files import REQUIREMENTS, SCENARIOS

PIECES = [
    ": ", "\n", "  ", "- ", "{", "}", "[", "]", ", ", "'", '"', "&a ", "*a", "!!str ", "!", "|", ">", "#", "---", "...",
    "%YAML 1.1", "\t", "? ", "<<: ", "${word}", "${", "$${", "null", "~", "0x1", "1e999", "\x00", "\ufeff", "\u2028",
    "é", "🦊", "area", "id: auth/x", "scenarios:", "steps:", "setup: ", "cases: ", "expect: ", "status: ", "save: ",
    "at_once: ", "repeat: 3", "${n}", "${it_${n}}", "${word|upper}", "${|", "auth: ", "${key}", "timeout: 1",
    "cases_from: client-fields", "model: GET /", "shape: ",
    "pattern: '('", "http: GET /", "call: models.list", "control: auth/opens",
]  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> str:
    """A sound file with a piece of it replaced."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 20)))
    return text[:start] + draw(st.sampled_from(PIECES) | st.text(max_size=5)) + text[end:]


def load(scenarios: bytes, requirements: bytes) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "auth.yaml").write_bytes(scenarios)
        (folder / "requirements.yaml").write_bytes(requirements)
        with suppress(FileError):
            assert load_suite(folder).scenarios
        lint(folder)


@given(TEXTS | spoiled(SCENARIOS))
def test_no_scenario_file_makes_the_loader_fail_in_another_way(text: str) -> None:
    load(text.encode(errors="surrogatepass"), REQUIREMENTS.encode())


@given(TEXTS | spoiled(REQUIREMENTS))
def test_no_requirements_file_makes_the_loader_fail_in_another_way(text: str) -> None:
    load(SCENARIOS.encode(), text.encode(errors="surrogatepass"))


@given(st.binary())
def test_no_bytes_make_the_loader_fail_in_another_way(content: bytes) -> None:
    load(content, content)


@pytest.mark.parametrize("parser", [yaml.CBaseLoader, yaml.BaseLoader])
@given(text=TEXTS | spoiled(SCENARIOS))
def test_no_text_makes_either_parser_fail_in_another_way(parser: object, text: str) -> None:
    with suppress(FileError):
        assert parse_yaml(text, Path("test.yaml"), parser).location.line >= 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_before_it_exhausts_the_stack(opening: str) -> None:
    with pytest.raises(FileError, match=f"nested more than {MAX_DEPTH} levels"):
        parse_yaml(opening * 100_000, Path("test.yaml"))


def test_a_bomb_of_aliases_is_refused_and_does_not_go_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    with pytest.raises(FileError, match="anchors and aliases are not read here"):
        parse_yaml("\n".join(lines), Path("test.yaml"))
