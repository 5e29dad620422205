from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba import config

import obverse.measure

SOURCES = Path(obverse.measure.__file__).parent
PROGRAM = (
    "from kernel import kernel\nfrom tried_part import part\n\n@kernel\ndef total(n):\n    return part(n)\n"
)
PART = "from numba import njit\n\n@njit\ndef part(n):\n    return n + {0}\n"


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_a_kernel_is_compiled_anew_when_a_module_that_it_calls_changes(tmp_path: Path) -> None:
    shutil.copy(SOURCES / "kernel.py", tmp_path / "kernel.py")
    (tmp_path / "tried_kernel.py").write_text(PROGRAM)

    def run(added: int) -> str:
        (tmp_path / "tried_part.py").write_text(PART.format(added))
        done = subprocess.run(
            [sys.executable, "-c", "from tried_kernel import total; print(total(3))"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout.strip()

    assert [run(1), run(2), run(1)] == ["4", "5", "4"]
    kept = {path.parent.parent.name for path in tmp_path.rglob("*.nbi")}
    assert len(kept) == 2


def test_numba_is_left_as_it_was_found() -> None:
    assert getattr(config, "CACHE_DIR") == os.environ.get("NUMBA_CACHE_DIR", "")  # noqa: B009 - untyped
