"""Questions by the front door: rows into a lake, the answer beside them, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from obverse.measure.question import Question
from tests.conftest import Engine
from tests.engine.lakes import fill, spread

Ask = Callable[[Sequence[dict[str, Any]], Question], Any]


@pytest.fixture
def ask(engine: Engine, tmp_path: Path) -> Ask:
    """Ask a question of some rows, made by `tests.engine.lakes.row`, that arrive in several files."""
    numbers = count()

    def asked(rows: Sequence[dict[str, Any]], question: Question) -> Any:
        with engine.open(fill(tmp_path / f"data-{next(numbers)}", spread(rows))) as lake:
            return lake.ask(question)

    return asked
