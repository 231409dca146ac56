"""What may become of a run's folder, by chance: `damage` does one thing and names it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from contextlib import closing

ODD_VALUES = (
    None, "", "x", "\x1b[31mred\x1b[0m", "\u202eabc", "=1+1", "{", "[]", "{}", "NaN", '{"a":1}',
    '{"__pairs__":[[[1],2]]}', "[" * 2000, b"\xff\xfe", b"12345678", 0, -1, 2**62, 1.5,
    float("inf"), "9" * 5000, "x" * 100_000, "running", "failed", "\0", "a\nb\tc",
    '{"channel":"\\u001b[31m","mode":"min"}', '{"a": "\\ud800"}', '{"\\u001b[31m": "=cmd|x"}',
)  # fmt: skip
ODD_FILES = (
    b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"kind": "local"}',
    b'{"kind":"local","job":"-1","started":1}', b'{"kind":"slurm","job":"1","started":5.0}',
    b'{"kind":"ray","job":1,"cluster_file":"kind: ray"}', b'{"kind":["a"],"job":"1"}',
    b'{"kind":"local","job":"5","started":5.0,"tasks":99999999}',
    b'{"kind":"local","job":"1","started":1e400}', b'{"command":"stop","trials":[1,{}]}',
)  # fmt: skip
TABLES = ("sweep", "texts", "trials", "batches", "attempts", "channels", "rows")


def damage(random, run):
    """Do something to a run; what, in words."""
    return random.choice((cut, flip, noise_page, edit, edit, edit, note, replace, part, beside))(
        random, run
    )


def cut(random, run):
    data = (run / "sweep.db").read_bytes()
    size = random.randrange(len(data))
    (run / "sweep.db").write_bytes(data[:size])
    return f"cut at {size}"


def flip(random, run):
    data = bytearray((run / "sweep.db").read_bytes())
    for _ in range(random.choice((1, 3, 20, 400))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    (run / "sweep.db").write_bytes(data)
    return "bits flipped"


def noise_page(random, run):
    data = bytearray((run / "sweep.db").read_bytes())
    start = random.randrange(0, len(data), 4096)
    data[start : start + 4096] = random.randbytes(4096)
    (run / "sweep.db").write_bytes(data)
    return f"page {start // 4096} of noise"


def edit(random, run):
    table = random.choice(TABLES)
    with closing(sqlite3.connect(run / "sweep.db")) as raw:
        columns = [row[1] for row in raw.execute(f'PRAGMA table_info("{table}")')]
        column, odd = random.choice(columns), random.choice(ODD_VALUES)
        statement = random.choice(
            (
                f'DROP TABLE "{table}"',
                f'DELETE FROM "{table}"',
                *[f'UPDATE OR REPLACE "{table}" SET "{column}" = :odd'] * 8,
            )
        )
        with contextlib.suppress(sqlite3.IntegrityError):
            raw.execute(statement, {"odd": odd})
        raw.commit()
    return f"{statement} {str(odd)[:30]!r}"


def note(random, run):
    (run / "placed.json").write_bytes(random.choice(ODD_FILES))
    if random.random() < 0.3:
        (run / "sweep.db").unlink()
    return "placed.json"


def replace(random, run):
    """Something else in the place of a file or a folder."""
    name = random.choice(("sweep.db", "placed.json", "spec.yaml.j2", "logs", "trials", "control"))
    name = random.choice((name, "logs/worker-0.log"))
    path = run / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if not path.parent.is_dir():
        return "nothing"
    how = random.randrange(6)
    if how < 3:
        path.symlink_to(("/etc/passwd", path, "/dev/zero")[how])
    elif how == 3:
        path.mkdir()
    elif how == 4:
        os.mkfifo(path)
    return (
        f"{name}: {('a link', 'a link to itself', '/dev/zero', 'a folder', 'a FIFO', 'gone')[how]}"
    )


def part(random, run):
    path = run / "parts" / random.choice(("0", "x", "9" * 20, "\u0663"))
    path.mkdir(parents=True)
    whole = (run / "sweep.db").read_bytes()
    (path / "sweep.db").write_bytes(random.choice((b"", whole, b"x" * 5000)))
    return f"parts/{path.name}"


def beside(random, run):
    name = random.choice(("sweep.db-wal", "sweep.db-shm", "sweep.db-journal", "snapshot.db"))
    (run / name).write_bytes(random.randbytes(random.choice((10, 4096, 70_000))))
    (run / "control").mkdir(exist_ok=True)
    (run / "control" / "x.json").write_bytes(random.choice(ODD_FILES))
    return f"noise in {name}"
