"""Scorers: what an answer is worth. `scoring.make_scoring` puts those of a benchmark together."""
