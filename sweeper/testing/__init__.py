"""What ships for the tests of others' backends: the contracts that ours keep too."""
