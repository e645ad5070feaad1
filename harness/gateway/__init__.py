"""The reference gateway: the documented contract in running code, with a real OpenHands agent behind it."""
