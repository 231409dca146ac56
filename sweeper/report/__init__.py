"""Reports: a store in, tables and paragraphs out. Nothing of the user's is imported or run."""
