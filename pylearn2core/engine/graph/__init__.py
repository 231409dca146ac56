"""A step as a graph: its key, its gradients, and copies of it. Nothing here runs anything."""
