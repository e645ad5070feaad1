"""Explains a requirement: its text, sources and scenarios, the mutants that break it, and what to do if it fails."""
