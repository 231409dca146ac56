"""Collections of examples: in memory, from files, and scikit-learn's digits."""
