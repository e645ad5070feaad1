"""What makes the reports: this harness, on this machine."""

from __future__ import annotations

import platform

import harness
from harness.report.record import Tool


def this_tool() -> Tool:
    """The versions that a verdict depends on."""
    import openai

    return Tool(
        version=harness.__version__,
        python=platform.python_version(),
        openai=openai.__version__,
        platform=platform.platform(terse=True),
    )
