"""Evaluation: a benchmark's samples, each answered by one agent run through the gateway, whatever happens on the way.

    benchmark -> samples -> runner (journal, pool of servers) -> scorers -> statistics -> record -> reports, comparison

The journal is the one source of truth: everything else is made of it and can be made again.
"""
