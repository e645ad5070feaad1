"""The GitHub Action: runs `check` and reports to GitHub."""
