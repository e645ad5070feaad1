"""The log: one JSON object a line, on stderr.

An exception is logged as its type and stack, never as its text: validation and upstream errors quote values, which may
be keys.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback

logger = logging.getLogger("harness.gateway")


class _JsonLines(logging.Formatter):
    """A record as a JSON object; `extra={"fields": {...}}` adds fields beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line.update(_described(record.exc_info[1]))
        return json.dumps(line)


def configure_logging() -> None:
    """Log to stderr: the gateway from INFO, libraries from WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger.setLevel(logging.INFO)


def log_exception(message: str, error: BaseException) -> None:
    """Log an exception without its text."""
    logger.error(message, extra={"fields": _described(error)})


def _described(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "exception": type(error).__qualname__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
