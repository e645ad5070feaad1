"""Reading files that people write: YAML nodes that know their place, shapes, and complaints that name the line."""
