"""Scorers: what an answer is worth. `scoring.make_scoring` combines those of a benchmark."""
