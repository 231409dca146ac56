"""The store: `base` is the contract, `sql` keeps it in an SQLite file."""
