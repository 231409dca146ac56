"""`kind: ray` of a cluster file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sweeper.launchers import readers as r
from sweeper.spec.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RayConfig:
    """`kind: ray`: a Ray cluster that runs already.

    address: http(s):// of its dashboard, where the Jobs API is.
    token_path: absolute path of the file with its token, `~` expanded; "" where it has none.
    workers: None for as many as fit.
    """

    kind: str = "ray"
    path: Path
    text: str
    address: str
    token_path: str = ""
    data: str = ""
    results: str = ""
    workers: int | None = None


def _http_url(place: Place) -> str:
    """Read the address of a web server, without a slash at its end."""
    value = r.line(place)
    if not re.fullmatch(
        r"https?://[^\s/:]+(:\d+)?(/\S*)?|https?://\[[0-9a-fA-F:]+\](:\d+)?", value
    ):
        raise place.wrong(
            "the address of a Ray dashboard", "Write http://HEAD:8265 with the head's name or IP."
        )
    return value.rstrip("/")


_RAY = {
    **r.KIND,
    **r.keys(address=_http_url, token_path=r.own_path, data=r.data, results=r.url),
    **r.keys(workers=r.at_least(1)),
}


def read(place: Place, common: r.Common) -> RayConfig:
    """Check the mapping of a cluster file. Raises InputError."""
    return RayConfig(**r.fields(place, _RAY, ("address",)), **common)
