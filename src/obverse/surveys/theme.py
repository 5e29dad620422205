"""Theme: the colours of a form, made of one accent so that everything on them can be read.

Contrast as WCAG 2.2 has it (relative luminance, success criteria 1.4.3 and 1.4.11).
"""

from __future__ import annotations

from collections.abc import Iterable

LIGHT, DARK = "#ffffff", "#1b1d21"
"""What a form stands on, by scheme."""
_LIGHT_REST = "--obv-ink:#1b1d21;--obv-soft:#565b65;--obv-bad:#b3261e"
_DARK_REST = "--obv-ink:#eceef1;--obv-soft:#b3b8c2;--obv-bad:#ffb4ab"
_BOTH = (
    "--obv-edge:#848a96;--obv-rule:#8885;--obv-wash:color-mix(in srgb,var(--obv-accent) 12%,var(--obv-bg))"
)
"""Edges stand out 3 to 1 from both grounds."""
_LIGHT_TINTED, _DARK_TINTED = "#eef0f3", "#2b2e34"
"""What controls stand on, the least favourable ground."""
_ENOUGH, _STANDS_OUT = 4.5, 3


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"), 2), contrast("#777777", "#777777")
    (21.0, 1.0)
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, grounds: Iterable[str], towards: str) -> str:
    """Move a colour towards another until text in it can be read on all grounds."""
    grounds = list(grounds)
    for part in range(0, 101, 4):
        made = _mixed(colour, towards, part / 100)
        if all(contrast(made, ground) >= _ENOUGH for ground in grounds):
            return made
    return towards


def text_on(colour: str) -> str:
    """Give white or black, whichever can be read better on a colour: at least 4.58 to 1."""
    return max("#ffffff", "#000000", key=lambda text: contrast(colour, text))


def theme_css(accent: str) -> str:
    """Write the rules that give a form its colours: the accent as text, as what is filled, as text on that.

    What is filled keeps the accent as it is; it is made lighter only on a dark ground that it would not stand
    out from, 3 to 1.

    Args:
        accent: as ``#rrggbb``.
    """
    light = readable(accent, (LIGHT, _LIGHT_TINTED), "#000000")
    dark = readable(accent, (DARK, _DARK_TINTED), "#ffffff")
    on_light = f"color-scheme:light;{_rules(light, accent, LIGHT)};{_LIGHT_REST}"
    fill = accent if contrast(accent, DARK) >= _STANDS_OUT else dark
    on_dark = f"color-scheme:dark;{_rules(dark, fill, DARK)};{_DARK_REST}"
    return (
        f".obverse-theme{{{on_light};{_BOTH}}}"
        f"@media (prefers-color-scheme:dark){{.obverse-theme:not([data-scheme=light]){{{on_dark}}}}}"
        f".obverse-theme[data-scheme=dark]{{{on_dark}}}"
    )


def _rules(accent: str, fill: str, ground: str) -> str:
    return f"--obv-accent:{accent};--obv-fill:{fill};--obv-on-fill:{text_on(fill)};--obv-bg:{ground}"


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(colour: str, towards: str, part: float) -> str:
    pairs = zip(_parts(colour), _parts(towards), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
