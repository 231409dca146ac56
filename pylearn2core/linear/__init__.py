"""Linear transforms from one space to another."""
