"""What can be said of scores and how surely: pure functions over numpy arrays, which know nothing of runs or files."""
