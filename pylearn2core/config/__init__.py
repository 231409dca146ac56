"""Configuration: from YAML text to nodes, and from nodes to objects."""
