"""Prompt templates: sandboxed Jinja2, in which an undefined name is an error."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any

from harness.evals.sample import BenchmarkError
from harness.reading.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evals.benchmark.row import Place


class Template:
    """A prompt template.

    Args:
        source: its text.
        place: where it comes from.

    Raises:
        BenchmarkError: it is not valid Jinja2, or Jinja2 is not installed.
    """

    def __init__(self, source: str, place: Place) -> None:
        if importlib.util.find_spec("jinja2") is None:
            raise BenchmarkError("`jinja2` is not installed: pip install 'openhands-gateway-harness[eval]'")
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        self.place = place
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
        try:
            self._template = environment.from_string(source)
        except Exception as error:  # noqa: BLE001 - a template is a program, and parsing runs parts of it
            line = getattr(error, "lineno", None)
            raise place.problem(f"the template{f', line {line}' if line else ''}: {error}") from None

    def render(self, values: Mapping[str, Any], where: Place) -> str:
        """Fill the template with the values of a row at a place. Raises BenchmarkError."""
        try:
            text = self._template.render(values)
            text.encode()  # a lone surrogate can't be sent
        except Exception as error:  # noqa: BLE001 - a template is a program: it can raise anything
            name = re.match(r"'(\w+)' is undefined", str(error))
            hint = did_you_mean(name[1], values) if name else ""
            raise where.problem(f"the template of {self.place} can't be filled in: {error}{hint}") from None
        return text
