"""Gateways that each break one requirement: what the suite has to find, and nothing else beside it.

A mutant stands in front of the reference gateway with the scripted agent and spoils requests or answers on the way,
so it breaks what a gateway in the wild could break, and nothing that only our own code has.
"""
