"""Pictures, drawn to files."""
