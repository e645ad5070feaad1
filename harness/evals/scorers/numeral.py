r"""Numbers in running text: `1,234.50`, `3/4`, `2 1/2`, `45 %`, `3 \times 10^{8}`, `\frac{3}{4}`, `1.5 million`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_EXACT = Context(prec=60, traps=[InvalidOperation, DivisionByZero])
"""More digits than anyone writes; overflow gives infinity."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in a text.

    Attributes:
        text: as written.
        readings: possible values, the literal one first: `45 %` is 45 or 0.45, `1.5 million` 1.5 or 1,500,000.
        counts: whether it numbers an item of a list, such as `2.` at the beginning of a line.
    """

    text: str
    readings: tuple[Decimal, ...]
    counts: bool = False


_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_GROUPED = "[\u00a0\u2009\u202f'\u2019_{}]"
_UNIT = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def _pattern(point: str, comma: str) -> re.Pattern[str]:
    """A pattern of numbers that first matches, and so skips, what only looks like one."""
    number = rf"(?:\d{{1,3}}(?:{_GROUPED.format(comma)}\d{{3}})++(?!\d)|\d++)(?:\{point}\d++)?|\{point}\d++"
    no_numbers = "|".join(
        [
            r"\d{4}-\d{1,2}-\d{1,2}(?!\d)",
            r"\d{1,2}(?P<dot>[./])\d{1,2}(?P=dot)\d{2}(?:\d\d)?(?!\d)",
            r"\d{1,2}:\d\d(?::\d\d)?(?!\d)",
            r"\d[\d,]{0,12}+(?:st|nd|rd|th)\b",
            rf"\d++(?:\{point}\d++){{2,}}",  # a version; parts of three digits are digit groups
        ]
    )
    grouped = rf"(?!\d{{1,3}}(?:\{comma}\d{{3}})++(?![\d{comma}]))"
    return re.compile(
        rf"""(?<![\w.])(?:
            (?P<list>(?<![^\n])[ \t]*\d{{1,2}}[.)][ \t]+(?=\S))
          | {grouped}(?:{no_numbers})
          | (?P<sign>[-+](?<![\w)\]].)[$€£¥]?|(?:minus|negative)[ ][$€£¥]?)?(?<![A-Za-z]-)
            (?:(?P<whole>\d++)[ ]+(?=\d+[ ]?/[ ]?\d))?
            (?P<number>{number})
            (?:[eE](?P<e>[-+]?\d{{1,6}})(?!\w)|[ ]?(?:\u00d7|x|\*)[ ]?10(?:\^|\*\*)\{{?(?P<power>[-+]?\d{{1,6}})\}}?)?
            (?:[ ]?/[ ]?(?P<below>{number}))?
            (?:[ ]?(?P<percent>%|per[ ]?cent\b)|[ ](?P<unit>(?:thousand|million|billion|trillion)\b))?
        )""",
        re.VERBOSE,
    )


_POINT, _COMMA = _pattern(".", ","), _pattern(",", ".")
_DAY = r"\d{1,2}(?:st|nd|rd|th)?(?!\d)"
_DATE = re.compile(rf"(?<!\d){_DAY} (?:of )?{_MONTH}(?:,? \d{{4}})?|\b{_MONTH} (?:{_DAY}(?:,? \d{{4}})?|\d{{4}}(?!\d))")

_LATEX = [
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r"\1/\2"),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\[,;:! ]"), "\u2009"),
    (re.compile(r"\\(?=[$%])"), ""),
    (re.compile(r"\\(?:times|cdot)\b"), "\u00d7"),
]
_CHARACTERS = str.maketrans(
    {
        "\u2212": "-",
        "½": " 1/2",
        "¼": " 1/4",
        "¾": " 3/4",
        "⅓": " 1/3",
        "⅔": " 2/3",
        "⅛": " 1/8",
        "⅕": " 1/5",
        "\u2044": "/",
    }
)
_SUPERSCRIPT = re.compile("(?<=10)[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")


def numerals(text: str, *, decimal_comma: bool = False, backwards: bool = False) -> Iterator[Numeral]:
    """The numbers in a text, without dates, times, versions and ordinals.

    Args:
        text: may contain LaTeX.
        decimal_comma: whether `1.234,5` means `1,234.5`.
        backwards: begin with the last.
    """
    if "\\" in text or "{" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    if not text.isascii():
        text = _SUPERSCRIPT.sub(lambda found: "^" + found[0].translate(_PLAIN), text.translate(_CHARACTERS))
    matches: Iterable[re.Match[str]] = (_COMMA if decimal_comma else _POINT).finditer(_DATE.sub("", text))
    for found in reversed(list(matches)) if backwards else matches:
        if found["list"]:
            digits = found["list"].strip()[:-1]
            yield Numeral(digits, (Decimal(digits),), counts=True)
        elif found["number"] and (numeral := _read(found, decimal_comma=decimal_comma)):
            yield numeral


def _read(found: re.Match[str], *, decimal_comma: bool) -> Numeral | None:
    try:
        value = _decimal(found["number"], decimal_comma=decimal_comma)
        if exponent := found["e"] or found["power"]:
            value = _EXACT.scaleb(value, int(exponent))
        if found["below"]:
            value = _EXACT.divide(value, _decimal(found["below"], decimal_comma=decimal_comma))
    except (InvalidOperation, DivisionByZero):
        return None
    if found["whole"]:
        value = _EXACT.add(Decimal(found["whole"]), value)
    if found["sign"] and found["sign"][0] != "+":
        value = value.copy_negate()
    readings: tuple[Decimal, ...] = (value,)
    if found["percent"]:
        readings += (_EXACT.divide(value, Decimal(100)),)
    elif found["unit"]:
        readings += (_EXACT.multiply(value, Decimal(_UNIT[found["unit"]])),)
    return Numeral(found[0].strip(), readings)


def _decimal(digits: str, *, decimal_comma: bool) -> Decimal:
    if not digits.isdecimal():
        point = "," if decimal_comma else "."
        digits = "".join("." if each == point else each for each in digits if each.isdecimal() or each == point)
    return Decimal(digits)
