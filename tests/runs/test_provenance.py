"""What counts as code of the user's beside a spec."""

from __future__ import annotations

import hashlib
import os

from sweeper.runs.provenance import code_hashes


def test_what_is_named_like_a_module_and_is_none_is_no_code(tmp_path):
    (tmp_path / "exp.py").write_text("x = 1\n")
    (tmp_path / "#exp.py#").write_text("not saved yet")
    (tmp_path / ".#exp.py").symlink_to("user@host.1234:5678")  # Emacs locks a file so
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / ".#inner.py").symlink_to("user@host.1234:5678")
    os.mkfifo(tmp_path / "pack" / "pipe.py")
    assert code_hashes(tmp_path / "grid.yaml.j2") == {
        "exp.py": hashlib.sha256(b"x = 1\n").hexdigest(),
        "pack/__init__.py": hashlib.sha256(b"").hexdigest(),
    }


def test_a_module_whose_name_is_no_utf8_is_kept_as_text(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("")
    assert list(code_hashes(tmp_path / "grid.yaml.j2")) == ["caf\\udce9.py"]
