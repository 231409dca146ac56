"""A cluster file, clusters/*.yaml: read, checked, and made the config of its kind."""

from __future__ import annotations

from pathlib import Path

from sweeper.launchers import registry
from sweeper.launchers.base import ClusterConfig
from sweeper.spec.place import listed
from sweeper.spec.plain import choice, read_map, read_text


def load(path: Path) -> ClusterConfig:
    """Read and check the cluster file at `path`. Raises InputError with line and key path."""
    return loads(read_text(Path(path)), str(path))


def bare(kind: str) -> ClusterConfig:
    """What a file with its kind alone would say; its text is "", for nobody wrote it."""
    place = read_map(f"kind: {kind}\n", f"kind {kind}")
    config: ClusterConfig = registry.backend(kind).read(place, {"path": Path(), "text": ""})
    return config


def loads(text: str, source: str) -> ClusterConfig:
    """Check the text of a cluster file. source: its name, for errors. Raises InputError."""
    place = read_map(text, source)
    if "kind" not in place.value:
        raise place.error(
            "the key `kind` is missing, which says what this file describes:"
            f" {listed(registry.kinds())}. Write `kind: slurm`, say."
        )
    kind = place.value["kind"]
    if not registry.has(kind):
        kind = choice(place.child("kind"), registry.kinds())
    common = {"path": Path(source), "text": text}
    config: ClusterConfig = registry.backend(kind).read(place, common)
    return config
