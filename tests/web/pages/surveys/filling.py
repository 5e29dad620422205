"""Reads a form out of a page and fills it in, as a browser without JavaScript does."""

from __future__ import annotations

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.wanted, self.inside = form_id, False
        self.pairs: list[tuple[str, str]] = []
        self.select = ""
        self.first = self.chosen = False
        self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == self.wanted
        if not self.inside:
            return
        if tag == "input" and "name" in given:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.pairs.append((given["name"], given.get("value", "on")))
        elif tag == "select":
            self.select, self.first, self.chosen = given["name"], True, False
        elif tag == "option" and self.select and (self.first or "selected" in given):
            if self.chosen or not self.first:
                self.pairs.pop()
            self.pairs.append((self.select, given.get("value", "")))
            self.first, self.chosen = False, "selected" in given
        elif tag == "textarea":
            self.area = given["name"]
            self.pairs.append((self.area, ""))

    def handle_data(self, data: str) -> None:
        if self.area:
            name, value = self.pairs.pop()
            self.pairs.append((name, value + data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            name, value = self.pairs.pop()
            self.pairs.append((name, value.removeprefix("\n")))
            self.area = ""
        elif tag == "select":
            self.select = ""
        elif tag == "form":
            self.inside = False


def fields(html: str, form_id: str = "making") -> list[tuple[str, str]]:
    """Give what a form holds, in order."""
    reader = _Reader(form_id)
    reader.feed(html)
    assert reader.pairs, f"there is no form {form_id!r}"
    return reader.pairs


def filled(pairs: list[tuple[str, str]], **changes: str) -> dict[str, list[str]]:
    """Fill some fields in; ``__`` stands for the dots of a name."""
    given = {name.replace("__", "."): value for name, value in changes.items()}
    known = dict(pairs)
    assert all(name in known or name == "do" for name in given), given
    made: dict[str, list[str]] = {}
    for name, value in pairs:
        made.setdefault(name, []).append(value)
    return made | {name: [value] for name, value in given.items()}
