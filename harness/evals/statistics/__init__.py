"""Statistics: what scores show and how certainly, as pure functions over numpy arrays."""
