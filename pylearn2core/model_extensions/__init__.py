"""What may be hung onto a model to change its updates."""
