"""Plays the steps of a scenario through the official client and records every exchange."""
