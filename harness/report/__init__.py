"""Reports: one writer per format, fed by the one redacted run record."""
