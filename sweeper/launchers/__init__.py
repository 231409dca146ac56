"""Where a run's folder and its Ray cluster come from."""
