"""A run's folder: where everything of a run is, and how a run is found, made, asked and opened."""
