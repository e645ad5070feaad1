"""Conformance and evaluation harness for the OpenAI-compatible endpoint of an OpenHands agent server."""

__version__ = "0.1.0"
