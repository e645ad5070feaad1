"""Comparison: two reports, or a folder of them, and what changed from one to the next. Pure functions and writers."""
