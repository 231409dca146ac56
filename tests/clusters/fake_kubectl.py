"""A kubectl with a cluster in a folder: objects are files, a pod is this machine.

FAKE_KUBE names the folder. `calls.jsonl` keeps what it was called with; a file `fail-VERB` or
`fail-VERB-KIND` holds what it then says before it fails, `late-create-KIND` what it says after it
has made the object all the same; `exec` really runs the command, with the
pod's /sweep/work in the folder `pod`; once it has asked the driver, `after-ask.json` is the status.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

HOME = Path(os.environ["FAKE_KUBE"])


def refuse(words: str) -> int:
    print(words, file=sys.stderr)
    return 1


def create(text: str) -> int:
    for document in yaml.safe_load_all(text):
        kind, name = document["kind"].lower(), document["metadata"]["name"]
        if (said := HOME / f"fail-create-{kind}").exists():
            return refuse(said.read_text())
        path = HOME / f"{kind}-{name}.json"
        if path.exists():
            return refuse(f'Error from server (AlreadyExists): {kind}s "{name}" already exists')
        path.write_text(json.dumps(document))
        if (said := HOME / f"late-create-{kind}").exists():
            return refuse(said.read_text())
    return 0


def get(kind: str, words: list[str]) -> int:
    if kind == "pods":
        pods = HOME / "pods.json"
        found = json.loads(pods.read_text()) if pods.exists() else []
        print(json.dumps({"items": found}))
        return 0
    path = HOME / f"{kind}-{words[0]}.json"
    if not path.exists():
        return refuse(f'Error from server (NotFound): rayjobs.ray.io "{words[0]}" not found')
    status = HOME / "status.json"
    told = json.loads(status.read_text()) if status.exists() else {}
    print(json.dumps({**json.loads(path.read_text()), "status": told}))
    return 0


def delete(what: str) -> int:
    (HOME / f"{what.replace('/', '-')}.json").unlink(missing_ok=True)
    return 0


def run_in_pod(words: list[str]) -> int:
    command = words[words.index("--") + 1 :]
    there = [word.replace("/sweep/work", str(HOME / "pod")) for word in command]
    done = subprocess.run([sys.executable, *there[1:]], check=False)
    if done.returncode:
        return refuse(f"command terminated with exit code {done.returncode}")
    after = HOME / "after-ask.json"
    if "ask" in command and after.exists():
        after.rename(HOME / "status.json")
    return 0


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith(("--namespace", "--context"))]
    words = [word for word in words if not word.startswith("--request-timeout")]
    text = sys.stdin.read() if "--filename=-" in words else ""
    with (HOME / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(arguments) + "\n")
    verb, rest = words[0], words[1:]
    if (said := HOME / f"fail-{verb}").exists():
        return refuse(said.read_text())
    if verb == "create":
        return create(text)
    if verb == "get":
        return get(rest[0], rest[1:])
    return delete(rest[0]) if verb == "delete" else run_in_pod(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
