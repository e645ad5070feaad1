"""Benchmarks, read: what is asked, from a file of our own format or of another tool's, lazily and with its hashes."""
