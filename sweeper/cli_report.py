"""What `sweep status`, `sweep show` and `sweep report` print: the store alone is asked."""
