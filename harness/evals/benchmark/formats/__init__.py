"""The formats of data files, ours and other tools'; a module for each."""
