"""Ray's Jobs API as plain HTTP: a few calls, each with an end to its patience.

Ray's own client waits without end for a head that does not answer, and keeps the first token that
its process ever read. It is also half a second of imports for a command that asks one question.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sweeper.launchers.remote.driver import OVER
from sweeper.records.errors import ClusterError, InputError, SweepError

REQUEST_S = 30.0
UPLOAD_S = 300.0
POLL_S = 0.25
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SilentError(ClusterError):
    """Nobody answers there (yet)."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an error here: it would carry the token to another host."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class JobsApi:
    """The Jobs API at `address`, http(s)://host:port.

    token: "" where the cluster has none.    patience_s: how long an answer is waited for where
    nobody answers yet.

    Every method raises ClusterError where nobody answers or the answer makes no sense, InputError
    where the token is refused.
    """

    address: str
    token: str = field(default="", repr=False)
    patience_s: float = 10.0

    # -------------------------------------------------------------- what is asked
    def ray_version(self) -> str:
        """The cluster's version of Ray; waits up to `patience_s` for it."""
        found = _parsed(self._patiently("GET", "/api/version"), self.address)
        version = found.get("ray_version") if isinstance(found, dict) else None
        if not isinstance(version, str):
            raise ClusterError(_no_ray(self.address, "its answer names no version of Ray"))
        return version

    def upload(self, name: str, content: bytes) -> str:
        """Put a zip file where every node finds it; returns its URI. name: from its content."""
        path = f"/api/packages/gcs/{name}"
        # Asking also keeps the package for a while: nothing refers to it yet.
        if self._ask("GET", path, missing_ok=True) is None:
            self._ask("PUT", path, content, timeout_s=UPLOAD_S)
        return f"gcs://{name}"

    def submit(self, entrypoint: str, *, job: str, runtime_env: dict[str, Any]) -> str:
        """Start a shell command on the head; returns the job's id."""
        request = {"entrypoint": entrypoint, "submission_id": job, "runtime_env": runtime_env}
        answer = self._ask("POST", "/api/jobs/", json.dumps(request).encode())
        return str(_parsed(answer or b"", self.address)["submission_id"])

    def job(self, job: str) -> dict[str, Any] | None:
        """What the cluster says of a job (status, message); None where it knows none."""
        answer = self._patiently("GET", f"/api/jobs/{job}", missing_ok=True)
        return None if answer is None else _parsed(answer, self.address)

    def log(self, job: str) -> str:
        """All that a job printed."""
        answer = self._ask("GET", f"/api/jobs/{job}/logs", timeout_s=UPLOAD_S)
        return str(_parsed(answer or b"", self.address).get("logs") or "")

    def end(self, job: str) -> None:
        """Ask a job's process to end: SIGTERM, and SIGKILL if it does not."""
        self._ask("POST", f"/api/jobs/{job}/stop", b"", missing_ok=True)

    def forget(self, job: str) -> None:
        """Remove a job that is over from the cluster's list."""
        self._ask("DELETE", f"/api/jobs/{job}", missing_ok=True)

    # -------------------------------------------------------------- small jobs
    def run(
        self, entrypoint: str, *, job: str, runtime_env: dict[str, Any], timeout_s: float
    ) -> tuple[bool, str]:
        """Run a short command on the head; returns whether it succeeded, and what it printed."""
        self.submit(entrypoint, job=job, runtime_env=runtime_env)
        until = time.monotonic() + timeout_s
        try:
            while True:
                found = self.job(job) or {}
                if found.get("status") in OVER:
                    return found["status"] == "SUCCEEDED", self.log(job) or str(found["message"])
                if time.monotonic() > until:
                    raise ClusterError(
                        f"{self.address}: a job of a second did not end within {timeout_s:.0f} s:"
                        f" {found.get('message') or found.get('status')}. Look at the cluster's"
                        " dashboard: its head may be out of memory or of processes."
                    )
                time.sleep(POLL_S)
        finally:
            with contextlib.suppress(SweepError):  # the reason, if it failed, is another
                self._clean_up(job)

    def _clean_up(self, job: str) -> None:
        if (self.job(job) or {}).get("status") not in OVER:
            self.end(job)
        else:
            self.forget(job)

    # -------------------------------------------------------------- how it is asked
    def _patiently(self, method: str, path: str, *, missing_ok: bool = False) -> bytes | None:
        """Ask again, for up to `patience_s`, while nobody answers."""
        until = time.monotonic() + self.patience_s
        while True:
            left = max(1.0, until - time.monotonic())
            try:
                return self._ask(method, path, timeout_s=left, missing_ok=missing_ok)
            except SilentError:
                if time.monotonic() + POLL_S > until:
                    raise
                time.sleep(POLL_S)

    def _ask(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        *,
        timeout_s: float = REQUEST_S,
        missing_ok: bool = False,
    ) -> bytes | None:
        """One request; None for a 404 where that is fine."""
        request = urllib.request.Request(self.address + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            with _opener(self.address).open(request, timeout=timeout_s) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404 and missing_ok:
                    return None
                raise self._refused(error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise SilentError(_no_ray(self.address, str(reason) or "no answer")) from None

    def _refused(self, error: urllib.error.HTTPError) -> ClusterError | InputError:
        if error.code in (401, 403):
            return InputError(self._wrong_token())
        words = error.read(2000).decode(errors="replace").strip().splitlines()
        last = words[-1] if words else str(error.reason)
        if error.code == 404:
            return ClusterError(_no_ray(self.address, "it knows no such page"))
        return ClusterError(f"{self.address}: the cluster answered {error.code}: {last}")

    def _wrong_token(self) -> str:
        found = "refused the token that was sent" if self.token else "asks for a token"
        return (
            f"{self.address}: the cluster {found}. Expected the token that its head was started"
            " with: let RAY_AUTH_TOKEN_PATH name a file that holds it, or `token_path` in the"
            " cluster file; `ray get-auth-token` prints it on the head."
        )


def _opener(address: str) -> urllib.request.OpenerDirector:
    """Through the user's proxy, unless the head is this machine (or a tunnel from it)."""
    if urlsplit(address).hostname in _LOOPBACK:
        return urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    return urllib.request.build_opener(_NoRedirect)


def _parsed(answer: bytes | None, address: str) -> Any:
    try:
        return json.loads(answer or b"")
    except ValueError:
        raise ClusterError(_no_ray(address, "its answer is not Ray's")) from None


def _no_ray(address: str, reason: str) -> str:
    return (
        f"{address}: no Jobs API of Ray there ({reason}). Expected the address of a Ray"
        " dashboard, http://HEAD:8265, whose head was started with `ray[default]`, with"
        " --dashboard-host=0.0.0.0 where it is another machine; or a tunnel to it"
        " (ssh -L 8265:localhost:8265 HEAD)."
    )
