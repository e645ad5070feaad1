"""What can be checked: a URL, the reference gateway, the real agent server."""
