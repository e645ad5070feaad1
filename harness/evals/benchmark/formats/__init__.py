"""What the entries of a data file mean: one module for each format of ours or of another tool."""
