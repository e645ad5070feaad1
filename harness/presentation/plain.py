"""Text that steers nothing: what a terminal, a page or XML would obey is spelled out."""

from __future__ import annotations

import re


def printable(line: str) -> str:
    """A line that a server may have written, without what would steer a terminal or turn the text around."""
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in line)


def plain(text: str) -> str:
    """Text that a server may have written, so that it stays text."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))


_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def xml_text(text: str) -> str:
    """Text with what XML 1.0 has no way to write spelled out; it is not escaped yet."""
    return _NO_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
