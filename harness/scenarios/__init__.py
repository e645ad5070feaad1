"""The scenario language: requirements and scenarios, from YAML to frozen values."""
