"""Reads hand-written files: YAML nodes with locations, validation by schema, and problems with line numbers."""
