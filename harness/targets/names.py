"""Names that identify what the harness created on a target."""

from __future__ import annotations

MODEL_PREFIX = "openhands_"


NO_RUN = "00000000"
"""The id of a run on a server that the harness started, where nothing is left behind."""


SCRATCH_PREFIX = "harness-"
"""Names of the harness's profiles start with this and the run's id, so that leftovers are recognisable."""


CONVERSATION_PREFIX = "6861726e-6573-4"
"""The harness's conversation ids start with this, `harnes` in ASCII; their last group starts with the run's id."""
