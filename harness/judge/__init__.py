"""The judge: pure functions from a scenario and its trace to findings and verdicts."""
