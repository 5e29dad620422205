"""Imports point one way, along the life of an event."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "obverse"
LAYERS = (
    ("errors", "event", "folder"),
    ("settings",),
    ("collect",),
    ("lake",),
    ("tape",),
    ("measure",),
    ("engine",),
    ("surveys",),
    ("web",),
    ("demo_surveys",),
    ("importing", "demo"),
    ("cli_printing",),
    ("cli_measures", "cli_survey_import", "cli_surveys"),
    ("cli",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
RANK["simulate"] = 1  # makes events as clients do: knows the record and nothing else

MODULES = sorted(ROOT.rglob("*.py"))


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
            assert node.level == 0, f"{path}:{node.lineno}: write the whole name of the module"
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_before_it(path: Path) -> None:
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if part == "__init__":  # the front door: opens what is behind
        return
    for line, name in _imports(path):
        if not name.startswith("obverse."):
            continue
        other = name.split(".")[1]
        assert other in RANK, f"{path}:{line}: {name}: give this package its place in LAYERS"
        allowed = other == part or RANK[other] < RANK[part] or (RANK[other], RANK[part]) == (0, 0)
        assert allowed, f"{path}:{line}: {part} may not import {other}"


def test_every_package_has_its_place() -> None:
    parts = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in MODULES}
    assert parts - {"__init__"} <= set(RANK)
