"""`report.html`: the report as one self-contained page."""

from harness.report.page.page import page

__all__ = ["page"]
