"""What a run leaves: its record, its samples, its totals, and what is exported from them."""
