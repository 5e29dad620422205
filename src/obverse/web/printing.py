"""Draws an answer's pictures in a process of its own: the answer, pickled, comes in; PNG or SVG goes out.

Only `obverse.web.exporting` runs this, and only it writes to its standard input.
"""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from obverse.measure.picture import Side
    from obverse.measure.question import Answer

PIXELS = 2.0
"""Pixels of a PNG for each unit of the chart."""


def drawn(answer: Answer, format_: str, side: Side) -> bytes:
    """Draw an answer.

    Args:
        answer: of any measure.
        format_: ``png`` or ``svg``.
        side: which side of the coin.
    """
    import vl_convert

    spec = answer.chart(side).to_json()
    if format_ == "svg":
        return vl_convert.vegalite_to_svg(spec).encode()
    return vl_convert.vegalite_to_png(spec, scale=PIXELS)


def main() -> None:
    """Read the answer, write the file."""
    format_, side = sys.argv[1:3]
    answer = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the server that started this process
    sys.stdout.buffer.write(drawn(answer, format_, cast("Side", side)))


if __name__ == "__main__":
    main()
