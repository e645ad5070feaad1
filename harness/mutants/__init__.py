"""Gateways that each break one requirement, which the suite has to detect, and no other.

A mutant is a proxy in front of the reference gateway with the scripted agent. It changes requests or answers, so it
breaks only what any gateway could break, not details of our own code.
"""
