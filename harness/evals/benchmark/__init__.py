"""Benchmarks: read lazily from our own format or another tool's, with their hashes."""
