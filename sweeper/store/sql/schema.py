"""The store's tables. What is no number or name is JSON text, written by `codec`.

What trials record is kept by their ordinals, not by their ids: those are hashes, so a trial's rows
would land anywhere in the file, and a write of 400 trials would touch three pages for each.
"""

from __future__ import annotations

import sqlalchemy as sa

VERSION = 3


class Blob(sa.LargeBinary):
    """Bytes as SQLite gives them: SQLAlchemy makes as many as a number says that stands there."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """None of its own."""


metadata = sa.MetaData()

# One row. `version` is read before anything else: keep its name and place in later versions.
# state: "created", "running", or the kind of its end; reason: the paragraph of that.
sweep = sa.Table(
    "sweep",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("spec_path", sa.Text, nullable=False),
    sa.Column("spec_text", sa.Text, nullable=False),
    sa.Column("defines", sa.Text, nullable=False),
    sa.Column("objective", sa.Text, nullable=False),
    sa.Column("repeat", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("heartbeat", sa.Float, nullable=False),
    sa.Column("versions", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
)

texts = sa.Table(
    "texts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("lines", sa.Text, nullable=False),
)

# attempts: the newest attempt's number, 0 before the first.
trials = sa.Table(
    "trials",
    metadata,
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("values", sa.Text, nullable=False),
    sa.Column("text_id", sa.Text, sa.ForeignKey("texts.id"), nullable=False),
    sa.Column("tokens", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
)

# Trials come in batches. first: the ordinal that the first new trial of the batch has.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("first", sa.Integer, nullable=False),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("trial", sa.Integer, sa.ForeignKey("trials.ordinal"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("worker", sa.Integer, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("ended", sa.Float),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("traceback", sa.Text, nullable=False),
    sa.Column("info", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

# names: a JSON list. Rows of one shape share it, so a row holds numbers only.
channels = sa.Table(
    "channels",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("names", sa.Text, nullable=False, unique=True),
)

rows = sa.Table(
    "rows",
    metadata,
    sa.Column("trial", sa.Integer, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("phase", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("channels", sa.Integer, sa.ForeignKey("channels.id"), nullable=False),
    sa.Column("data", Blob, nullable=False),
    sqlite_with_rowid=False,
)
