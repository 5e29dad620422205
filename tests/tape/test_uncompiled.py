"""The kernels' tests once more, with the kernels as the plain Python that they are written in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_kernels_do_the_same_without_the_compiler() -> None:
    tests = Path(__file__).with_name("test_arrange.py")
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not thousand", str(tests)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=tests.parents[2],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert found.returncode == 0, found.stdout
    assert " passed" in found.stdout
