"""Playing: the steps of a scenario through the official client, every exchange recorded."""
