"""Comparison of two evaluation runs, paired by sample."""
