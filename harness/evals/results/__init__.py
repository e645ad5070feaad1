"""Results: the record of a run, its samples and totals, and exports to other tools."""
