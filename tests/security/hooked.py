"""`python hooked.py DIR COMMANDS`: run each `sweep` command; tell what Python's own hook saw.

COMMANDS: JSON, a list of lists of words. For each a JSON object: its exit code, programs started
and connections made, modules loaded from below DIR.
"""

import json
import sys
from pathlib import Path

STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.forkpty"}
SENDS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "urllib.Request"}
seen: list[str] = []


def note(event: str, arguments: tuple[object, ...]) -> None:
    if event in STARTS or event in SENDS:
        seen.append(f"{event} {arguments!r}")


def main() -> None:
    folder, commands = Path(sys.argv[1]).resolve(), json.loads(sys.argv[2])
    sys.path.insert(0, "")  # as `python -m` has it
    sys.addaudithook(note)
    from sweeper.cli import run

    told = []
    for words in commands:
        seen.clear()
        code = run(words)
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        loaded = [file for file in files if file and Path(file).resolve().is_relative_to(folder)]
        told.append({"code": code, "seen": list(seen), "loaded": loaded})
    print(json.dumps(told))


main()
