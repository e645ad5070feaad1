"""Comparison of two reports, or of a folder of them over time. Pure functions and writers."""
