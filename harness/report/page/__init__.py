"""`report.html`: the whole report as one page that needs nothing else, and from which nothing leaves."""

from harness.report.page.page import page

__all__ = ["page"]
