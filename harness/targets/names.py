"""Names by which what the harness makes on a target is recognised."""

from __future__ import annotations

MODEL_PREFIX = "openhands_"


NO_RUN = "00000000"
"""The id of a run on a server of our own, where nothing is left."""


SCRATCH_PREFIX = "harness-"
"""Profiles that the harness creates start with this and the run's id, so that a guest's remains are recognisable."""


CONVERSATION_PREFIX = "6861726e-6573-4"
"""Conversations whose id the harness chooses start so, `harnes` in ASCII; their last group starts with the run's id."""
