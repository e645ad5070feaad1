"""The scenario language: reads requirements and scenarios from YAML into frozen values."""
