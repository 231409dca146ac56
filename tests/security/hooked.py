"""`python hooked.py DIR WORD...`: run `sweep WORD...`; print as JSON what Python's own hook saw.

Programs that were started, connections, and modules that were loaded from below DIR.
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
    folder, words = Path(sys.argv[1]).resolve(), sys.argv[2:]
    sys.path.insert(0, "")  # as `python -m` has it
    sys.addaudithook(note)
    from sweeper.cli.app import run

    code = run(words)
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    loaded = [file for file in files if file and Path(file).resolve().is_relative_to(folder)]
    print(json.dumps({"code": code, "seen": seen, "loaded": loaded}))


main()
