"""What axe-core finds wrong with a page."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[1] / "sdk" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page, part: str = "html") -> list[str]:
    """Give what axe-core finds wrong, rule and element, in the part of a page that a selector names."""
    page.evaluate(_AXE.read_text())  # by the debugger's way, which no policy of the page forbids
    found = page.evaluate("(part) => axe.run(part)", part)
    assert found["passes"], "nothing was looked at"
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]
