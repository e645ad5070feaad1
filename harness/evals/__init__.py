"""Evaluation: the samples of a benchmark, each answered by one agent run through the gateway and then scored.

    benchmark -> runner -> scorers -> results -> report, comparison

The entries are `evaluation` (ask and score a benchmark), `rescore` (score a run's answers again) and `merge_runs` (one
run from its shards). `sample` and `outcome` hold the values that all rooms share. Each room imports only rooms to its
left here:

    benchmark, statistics, journal | scorers | runner | results | report | comparison

The journal is the only source of a run's record and reports, which can be written again from it at any time.
"""
