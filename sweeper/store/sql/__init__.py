"""The store in SQL tables, by SQLAlchemy Core. `backend` makes and opens one in an SQLite file."""
