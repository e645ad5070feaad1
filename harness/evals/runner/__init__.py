"""The runner: every sample asked exactly once in each epoch, whatever happens on the way."""
