"""kubectl as a function: what it printed, or an error that says what to do."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from sweeper.records.errors import ClusterError, InputError, SweepError

REQUEST_S = 30
# kubectl's own words, lower case: whose fault it is, and what to do.
_UNREACHABLE = (
    "unable to connect",
    "was refused",
    "connection refused",
    "i/o timeout",
    "no such host",
    "timed out",
    "context deadline exceeded",
    "tls handshake",
)
_NO_OPERATOR = (
    'no matches for kind "rayjob"',
    "doesn't have a resource type",
    "could not find the",
)
_NOT_ALLOWED = ("forbidden", "unauthorized", "must be logged in", "credentials")
_EXISTS = "(alreadyexists)"
_NOT_FOUND = re.compile(r"\(notfound\)|not found|no context exists|does not exist", re.IGNORECASE)


class NotFoundError(InputError):
    """What was asked for is not there."""


class ExistsError(InputError):
    """What was to be made is there already."""


class NoOperatorError(InputError):
    """The cluster does not know what a RayJob is."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with a context ("" for the current one) and a namespace."""

    namespace: str
    context: str = ""

    def run(self, *arguments: str, stdin: str = "", timeout_s: float = 120.0) -> str:
        """What `kubectl ARGUMENTS` printed.

        Raises InputError (no kubectl, not allowed), NoOperatorError, NotFoundError, ExistsError,
        ClusterError.
        """
        try:
            done = subprocess.run(
                [*self._words(), *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=timeout_s,
            )
        except FileNotFoundError:
            raise InputError(
                "kubectl: no such program here, and a sweep reaches Kubernetes by it. Install it"
                " (https://kubernetes.io/docs/tasks/tools/), or print the manifest with --dry-run"
                " and apply it where there is one."
            ) from None
        except subprocess.TimeoutExpired:
            raise ClusterError(
                f"{self._where()}: kubectl {arguments[0]} did not end within {timeout_s:.0f} s."
                " Look whether `kubectl get pods` answers."
            ) from None
        if done.returncode:
            raise self._error(arguments[0], done.stdout[-2000:], done.stderr)
        return done.stdout

    def _words(self) -> list[str]:
        words = ["kubectl", f"--namespace={self.namespace}", f"--request-timeout={REQUEST_S}s"]
        return [*words, f"--context={self.context}"] if self.context else words

    def _where(self) -> str:
        context = f"context {self.context}, " if self.context else ""
        return f"Kubernetes ({context}namespace {self.namespace})"

    def _error(self, command: str, printed: str, complaint: str) -> SweepError:
        """What went wrong. printed: by a command in a pod.    complaint: kubectl's own."""
        words = " ".join(f"{printed}\n{complaint}".split()) or "nothing"
        lower = " ".join(complaint.split()).lower()
        told = f"{self._where()}: kubectl {command}: {words}"
        if any(sign in lower for sign in _NO_OPERATOR):
            return NoOperatorError(
                f"{told}. This cluster has no KubeRay operator, which runs RayJobs: ask its"
                " administrators for version 1.5.1 or a newer one, or install it by helm."
            )
        if _EXISTS in lower:
            return ExistsError(told)
        if any(sign in lower for sign in _UNREACHABLE):
            return ClusterError(
                f"{told}. The cluster does not answer: look at `kubectl cluster-info`, and at"
                " `context` in the cluster file."
            )
        if any(sign in lower for sign in _NOT_ALLOWED):
            return InputError(
                f"{told}. Ask for the right to make, read and delete RayJobs and ConfigMaps, and to"
                " run commands in pods (pods/exec), in this namespace; or log in again."
            )
        if _NOT_FOUND.search(lower):
            return NotFoundError(told)
        return ClusterError(told)
