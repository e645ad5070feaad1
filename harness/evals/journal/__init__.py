"""The journal: what was asked and what came of it, on disk before anything else depends on it."""
