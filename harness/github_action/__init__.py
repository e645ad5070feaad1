"""The GitHub Action: `check`, and what GitHub shows of it."""
