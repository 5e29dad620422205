"""Colours stand out in both themes; no page needs more than its own style sheet."""

from __future__ import annotations

import re

import pytest

from obverse.web.assets import STATIC
from obverse.web.pages.render import TEMPLATES

CSS = (STATIC / "obverse.css").read_text()
TEXT, SHAPE = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11


def tokens(theme: str) -> dict[str, str]:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)", 1)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light))
    return found if theme == "light" else found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", dark))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *((front, "paper", TEXT) for front in ("ink", "soft", "people", "value", "bad", "good")),
        *((front, "wash", TEXT) for front in ("ink", "soft", "people", "value")),
        *(
            ("ink", back, TEXT)
            for back in (
                *("people-wash", "value-wash", "people-pale", "value-pale", "bad-wash"),
                *("people-heat", "value-heat"),  # the darkest shade: those before it lie nearer to the paper
            )
        ),
        ("paper", "ink", TEXT),
        ("paper", "people", TEXT),
        ("paper", "value", TEXT),
        ("paper", "bad", TEXT),
        ("edge", "paper", SHAPE),
        ("people", "people-pale", SHAPE),
        ("value", "value-pale", SHAPE),
    ],
)
def test_what_is_written_or_drawn_stands_out(theme: str, front: str, back: str, least: float) -> None:
    colours = tokens(theme)
    assert contrast(colours[front], colours[back]) >= least


def test_motion_is_only_for_those_who_do_not_mind() -> None:
    moving = re.findall(r"^.*(?:animation|transition|@keyframes).*$", CSS, re.MULTILINE)
    quiet = CSS[CSS.index("@media (prefers-reduced-motion: no-preference)") :].split("\n}\n", 1)[0]
    assert all(line in quiet for line in moving)


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_a_template_has_nothing_inline_and_nothing_from_elsewhere(template: str) -> None:
    text = (TEMPLATES / template).read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    assert "| safe" not in text


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.iterdir()))
def test_a_static_file_is_our_own_and_makes_no_markup_from_text(name: str) -> None:
    text = (STATIC / name).read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|eval\(|innerHTML|insertAdjacentHTML|document\.write", text)
