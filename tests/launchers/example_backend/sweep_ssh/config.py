"""`kind: ssh` of a cluster file: its keys, and what each may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sweeper.launchers import readers as r
from sweeper.spec.place import Place

KEYS = {**r.KIND, **r.keys(host=r.word, python=r.line)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SshConfig:
    """python: the interpreter on the host that has sweeper."""

    kind: str = "ssh"
    path: Path
    text: str
    host: str
    python: str = "python3"


def read(place: Place, common: r.Common) -> SshConfig:
    return SshConfig(**r.fields(place, KEYS, required=("host",)), **common)
