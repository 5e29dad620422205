"""What all browsers of the last two years have, as types: TypeScript's, less what MDN knows to be younger.

A test checks the client against these types: so each method has to be old enough on the type that it is
used on, not by its name alone.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

BROWSERS = (
    *("chrome", "chrome_android", "edge", "firefox", "firefox_android", "safari", "safari_ios"),
    "samsunginternet_android",
)
TWO_YEARS = timedelta(days=731)
_BUT = {"alternative_name", "flags", "prefix", "version_removed"}

_REFERENCE = re.compile(r'^/// <reference lib="([\w.]+)" />$', re.MULTILINE)
_OPENS = re.compile(r"^(?:declare )?(?:interface|var) (\w+)\b(?:<.*?>)?(?: extends ([\w, <>]+))?.*\{$")
_STATIC = re.compile(r"^declare var \w+: \{$")
_GLOBAL = re.compile(r"^declare (?:var|const|let|function) (\w+)\b")
_MEMBER = re.compile(r"^    (?:readonly |get |set )?(\w+)\??[:(<]")


class Compat:
    """MDN's data of which browser has what from when on.

    Args:
        data: ``@mdn/browser-compat-data``, read.

    Attributes:
        since: what a browser has that was the newest on this day: two years before the data are of.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self.since = date.fromisoformat(data["__meta"]["timestamp"][:10]) - TWO_YEARS

    @classmethod
    def read(cls, modules: Path) -> Compat:
        """Read it from the folder of npm's packages."""
        return cls(json.loads((modules / "@mdn/browser-compat-data/data.json").read_text()))

    def is_young(self, *path: str) -> bool | None:
        """Tell whether a browser has not had something for two years; None where nothing is known of it."""
        here = self._data
        for name in path:
            here = here.get(name, {})
        if "__compat" not in here:
            return None
        support = here["__compat"]["support"]
        return not all(self._has(browser, support[browser]) for browser in BROWSERS)

    def _has(self, browser: str, told: dict[str, Any] | list[dict[str, Any]]) -> bool:
        return any(self._is_old(browser, one) for one in (told if isinstance(told, list) else [told]))

    def _is_old(self, browser: str, told: dict[str, Any]) -> bool:
        version = told["version_added"]
        if not isinstance(version, str) or told.keys() & _BUT:
            return False
        release = self._data["browsers"][browser]["releases"].get(version.lstrip("≤"), {})
        return "release_date" in release and date.fromisoformat(release["release_date"]) <= self.since


class Types:
    """TypeScript's types of what browsers have.

    Args:
        folder: of its ``lib.*.d.ts``.
        names: the ones that are meant, such as ``dom``; with all that they refer to.
    """

    def __init__(self, folder: Path, names: list[str]) -> None:
        self._texts: dict[str, str] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in self._texts:
                self._texts[name] = (folder / f"lib.{name}.d.ts").read_text()
                waiting += _REFERENCE.findall(self._texts[name])

    def without_the_young(self, compat: Compat) -> tuple[str, set[str]]:
        """Give the types without what is young, and the names of that."""
        left, young = [], set[str]()
        for text in self._texts.values():
            for line, name, paths in self._named_lines(_REFERENCE.sub("", text)):
                told = [one for one in (compat.is_young(*path) for path in paths) if one is not None]
                if any(told):
                    young.add(name)
                else:
                    left.append(line)
        return "\n".join(left), young

    def _named_lines(self, text: str) -> Iterator[tuple[str, str, list[tuple[str, ...]]]]:
        """Give each line, the name of what it declares, and where MDN's data may have that."""
        owner, static = "", False
        for line in text.splitlines():
            opens, member = _OPENS.match(line), _MEMBER.match(line)
            if opens:
                owner, static = opens[1], bool(_STATIC.match(line))
            itself: list[tuple[str, ...]] = [("api", owner)] if static else []
            if owner and member:
                yield line, f"{owner}.{member[1]}", [*itself, *self._paths(owner, member[1], static)]
            elif owner:
                yield line, owner, itself
            elif found := _GLOBAL.match(line):
                yield line, found[1], [("api", "Window", found[1]), ("api", found[1])]
            else:
                yield line, "", []
            if line in {"}", "};"}:
                owner, static = "", False

    def _paths(self, owner: str, member: str, static: bool) -> Iterator[tuple[str, ...]]:
        plain = owner.removesuffix("Constructor")
        for name in (member, f"{member}_static"):
            if name == member or static or plain != owner:
                yield "javascript", "builtins", plain, name
                yield "api", plain, name
        for heir in self._heirs[owner]:
            yield from self._paths(heir, member, static)

    @cached_property
    def _heirs(self) -> dict[str, list[str]]:
        """Interfaces by those that they extend and that MDN counts as part of them."""
        found = defaultdict(list)
        for line in self._texts.get("dom", "").splitlines():
            opens = _OPENS.match(line)
            for one in (opens[2] or "").split(", ") if opens else ():
                found[one].append(opens[1] if opens else "")
        return found
