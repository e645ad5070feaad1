"""Two evaluation runs held against each other: paired by sample, with an honest verdict."""
