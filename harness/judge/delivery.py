"""Passive rules about how answers are delivered: their date, redirects, pages of proxies, and how they end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.json_value import shorten
from harness.judge.answer import ENDPOINTS
from harness.judge.rule import MINUTES, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.judge.answer import Answer
    from harness.judge.rule import Context, Look

_REDIRECTS = {301, 302, 303, 307, 308}
_KEEP_THE_METHOD = {307, 308}
_ORIGIN = re.compile(r"(?:([a-z][a-z0-9+.-]*):)?//([^/?#]*)", re.IGNORECASE)
_PORTS = {"http": ":80", "https": ":443"}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIXDATE = re.compile(rf"[A-Z][a-z]{{2}}, (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT")
"""The form of a date that is sent (RFC 9110, 5.6.7)."""

_LINGERS = 4.0
"""Seconds between the last bytes of a body and its end. On loopback both come in one packet; on a very busy machine
a client came to read the end only after 2.1 s."""

_PAGE = re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE)


def date(answer: Answer, context: Context) -> Iterator[Look]:
    """RFC 9110, 6.6.1: caches and clients reckon with it. A proxy may add its own."""
    if answer.response.status >= 500:
        return  # then it may be left out
    first = context.began + answer.exchange.started - MINUTES
    last = first + answer.exchange.elapsed + 2 * MINUTES
    told = answer.headers.get("date", ())
    off = next((value for value in told if not first <= _seconds(value) <= last), None)
    held = told and off is None
    yield None if held else Difference("headers.Date", "the time of the exchange", shorten(off))


def redirects(answer: Answer, _: Context) -> Iterator[Look]:
    """RFC 9110, 15.4: clients make a GET of a POST, and leave the key behind when it leads elsewhere."""
    status, to = answer.response.status, answer.response.header("location")
    if status not in _REDIRECTS or to is None:
        return
    if answer.method not in {"GET", "HEAD"} and status not in _KEEP_THE_METHOD:
        yield Difference("status", f"307 or 308, with which {answer.method} stays {answer.method}", str(status))
    elif not _is_of_one_server(answer.exchange.request.url, to):
        yield Difference("headers.Location", "the same server", shorten(to))
    else:
        yield None


def pages(answer: Answer, _: Context) -> Iterator[Look]:
    """Clients read JSON; proxies that fail or give up send pages. Those of refusals are ERROR-18's."""
    if answer.response.status >= 500 and answer.path.endswith(ENDPOINTS):
        page = answer.media_type == "text/html" or _PAGE.match(answer.response.body)
        yield Difference("body", "no HTML page", f"one with {answer.response.status}") if page else None


def endings(answer: Answer, _: Context) -> Iterator[Look]:
    """Many clients read to the end before they look at anything."""
    if answer.has_body:
        seconds = answer.response.lingered
        expected = f"an end within {_LINGERS:g} s of its last bytes"
        yield None if seconds <= _LINGERS else Difference("body", expected, f"one after {seconds:.1f} s")


def _is_of_one_server(url: str, location: str) -> bool:
    """Whether a redirect leads to the server that sent it; from HTTP to HTTPS is no other."""
    ours, theirs = _ORIGIN.match(url), _ORIGIN.match(location)
    if ours is None or theirs is None:
        return True
    scheme = ours[1].lower()
    to = (theirs[1] or scheme).lower()
    host, to_host = (each[2].lower().removesuffix(_PORTS.get(by, "")) for each, by in ((ours, scheme), (theirs, to)))
    return (to == scheme and to_host == host) or ((scheme, to) == ("http", "https") and _name(to_host) == _name(host))


def _name(host: str) -> str:
    return re.sub(r":\d*$", "", host)


def _seconds(date: str) -> float:
    """Unix seconds of a date as HTTP sends it; NaN for anything else."""
    found = _FIXDATE.fullmatch(date.strip())
    if found is None:
        return float("nan")
    day, year = int(found[1]), int(found[3])
    month = _MONTHS.index(found[2]) + 1
    # Days since 1 March of the year 0, in which a leap day comes last (Hinnant, chrono-compatible date algorithms).
    year -= month <= 2
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return 86400.0 * (days - 719468) + 3600 * int(found[4]) + 60 * int(found[5]) + int(found[6])
