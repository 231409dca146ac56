"""The token of a cluster, from where Ray's own tools look for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_token(token_path: str, environ: Mapping[str, str] | None = None) -> str:
    """The token of `token_path`, else where Ray's tools look for it; "" where there is none.

    They look at RAY_AUTH_TOKEN, at the file that RAY_AUTH_TOKEN_PATH names, at ~/.ray/auth_token.
    Raises InputError where a file that was named can't be read, or is empty.
    """
    environ = os.environ if environ is None else environ
    if token_path:
        return _read(Path(token_path), "token_path")
    if token := environ.get("RAY_AUTH_TOKEN", "").strip():
        return token
    if path := environ.get("RAY_AUTH_TOKEN_PATH", ""):
        return _read(Path(path), "RAY_AUTH_TOKEN_PATH")
    default = Path(environ.get("HOME", "~")).expanduser() / ".ray" / "auth_token"
    return _read(default, "the default") if default.is_file() else ""


def _read(path: Path, source: str) -> str:
    advice = "Expected a file with the cluster's token, mode 0600."
    try:
        token = path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} ({source}): can't be read: {reason}. {advice}") from error
    if not token or not token.isprintable() or not token.isascii():
        raise InputError(f"{path} ({source}): holds no token. {advice}")
    return token
