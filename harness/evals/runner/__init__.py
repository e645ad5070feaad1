"""The runner: asks samples, each of them exactly once in each epoch, and recovers lost answers."""
