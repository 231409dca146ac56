"""What trains a model: gradient descent and its like."""
