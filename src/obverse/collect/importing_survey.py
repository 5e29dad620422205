"""One pass over a text file before its import: its digest, its lines, and what a CSV reader trips over.

A single unclosed quote makes any CSV reader take the rest of the file for one cell, a line of gigabytes
fills its buffers, and a wrong byte ends it. Such lines are found here with array operations; `mend` then
writes a copy in which each is a marked line that the reader refuses by itself, in its place, so that rows
keep their numbers and all others are kept.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa

from obverse.errors import DataError

MAX_LINE_BYTES = 1 << 20
"""A longer line is refused: an event has at most some tens of kilobytes."""

MARK = "\x02"
"""Begins a line that `mend` put in the place of one that cannot be read: mark, why, mark, its beginning."""

TOO_LONG = "too_large"
UNCLOSED = "unclosed_quote"

_BLOCK_BYTES = 4 << 20
_MAX_SPAN_BYTES = 256 << 10  # a quoted cell with line ends in it is at most this long
_LF, _CR, _QUOTE = 10, 13, 34


@dataclass
class Survey:
    """What the pass found.

    Attributes:
        digest: 32 hex digits, of the content.
        n_bytes: size of the content.
        n_lines: lines that are not empty.
        utf8: all of it is UTF-8.
        mixed_newlines: lines end in more than one way, or in a bare carriage return.
        n_long: lines over `MAX_LINE_BYTES`.
        unclosed: numbers (from 0, empty lines too) of lines that open a quote which nothing closes.
    """

    digest: str = ""
    n_bytes: int = 0
    n_lines: int = 0
    utf8: bool = True
    mixed_newlines: bool = False
    n_long: int = 0
    unclosed: set[int] = field(default_factory=set)


def blocks(path: Path, compression: str) -> Iterator[bytes]:
    """Give the content of a file, unpacked, in blocks.

    Raises:
        DataError: the compressed data are damaged or end too early.
    """
    try:
        with pa.OSFile(str(path)) as raw:
            stream = raw if compression == "none" else pa.CompressedInputStream(raw, compression)
            while block := stream.read(_BLOCK_BYTES):
                yield block
    except OSError as error:
        raise DataError(f"{path.name} is damaged or cut off: {error}") from error


def survey(path: Path, compression: str, delimiter: str = "", escape: str = '"', text: bool = True) -> Survey:
    """Look at every byte of a file once, in bounded memory.

    Args:
        path: the file.
        compression: ``none``, ``gzip`` or ``zstd``.
        delimiter: of a CSV file; empty where quotes have no meaning.
        escape: what escapes a quote in a quoted cell.
        text: whether it is text; else only its digest and size are taken.
    """
    found = Survey()
    digest = blake2b(digest_size=16)
    ends = _Ends()
    decode = codecs.getincrementaldecoder("utf-8")().decode
    quotes = _Quotes(ord(delimiter), ord(escape)) if delimiter else None
    lines = _Lines()
    for block in blocks(path, compression):
        digest.update(block)
        found.n_bytes += len(block)
        if not text:
            continue
        ends.add(block)
        found.utf8 = found.utf8 and _decodes(decode, block)
        for part, first_line in lines.add(block):
            found.n_lines += _n_filled(part)
            if quotes is not None and b'"' in part:
                quotes.add(part, first_line)
    for part, first_line in lines.end():
        found.n_lines += _n_filled(part)
        if quotes is not None:
            quotes.add(part + b"\n", first_line)
    found.utf8 = found.utf8 and _decodes(decode, b"", final=True)
    found.mixed_newlines, found.n_long = ends.mixed, lines.n_long
    found.n_lines += lines.n_long
    found.unclosed = quotes.end() if quotes is not None else set()
    found.digest = digest.hexdigest()
    return found


def _decodes(decode: object, block: bytes, final: bool = False) -> bool:
    try:
        decode(block, final)  # type: ignore[operator]  # codecs has no type for a decoder's method
    except UnicodeDecodeError:
        return False
    return True


def _n_filled(part: bytes) -> int:
    """Count the lines of a part that are not empty."""
    data = np.frombuffer(part, np.uint8)
    at = np.flatnonzero(data == _LF)
    if not len(part):
        return 0
    starts = np.concatenate(([0], at + 1))
    stops = np.concatenate((at, [len(data)]))
    length = stops - starts
    bare = (length == 1) & (data[np.minimum(starts, len(data) - 1)] == _CR)
    return int(np.count_nonzero((length > 0) & ~bare))


class _Ends:
    """Which ways lines end in."""

    def __init__(self) -> None:
        self.n_lf = self.n_cr = self.n_crlf = 0
        self.last = b""

    def add(self, block: bytes) -> None:
        self.n_lf += block.count(b"\n")
        if b"\r" in block or self.last == b"\r":
            self.n_cr += block.count(b"\r")
            self.n_crlf += block.count(b"\r\n") + (self.last == b"\r" and block[:1] == b"\n")
        self.last = block[-1:]

    @property
    def mixed(self) -> bool:
        return bool(self.n_cr) and not (self.n_cr == self.n_crlf == self.n_lf)


class _Lines:
    """Cuts blocks at line ends, leaving out what belongs to a line that is too long."""

    def __init__(self) -> None:
        self.rest = b""
        self.n_seen = 0  # lines given out, the too long ones among them
        self.n_long = 0
        self.in_long = False

    def add(self, block: bytes) -> Iterator[tuple[bytes, int]]:
        """Give whole lines, the last line's end left off, and the number of the first of them."""
        if self.in_long:
            cut = block.find(b"\n")
            if cut < 0:
                return
            block, self.in_long, self.n_seen = block[cut + 1 :], False, self.n_seen + 1
        whole, end, rest = (self.rest + block).rpartition(b"\n")
        if end:
            yield from self._checked(whole)
        self.rest = rest
        if len(self.rest) > MAX_LINE_BYTES:
            self.rest, self.in_long, self.n_long = b"", True, self.n_long + 1

    def _checked(self, whole: bytes) -> Iterator[tuple[bytes, int]]:
        """Split a part at a line that is too long; there is at most a handful, as each is long."""
        at = np.flatnonzero(np.frombuffer(whole, np.uint8) == _LF)
        edges = np.concatenate(([-1], at, [len(whole)]))
        start_line = 0
        for line in np.flatnonzero(np.diff(edges) - 1 > MAX_LINE_BYTES):
            self.n_long += 1
            if line > start_line:
                yield whole[edges[start_line] + 1 : edges[line]], self.n_seen + start_line
            start_line = int(line) + 1
        if start_line < len(edges) - 1:
            yield whole[edges[start_line] + 1 :], self.n_seen + start_line
        self.n_seen += len(edges) - 1

    def end(self) -> Iterator[tuple[bytes, int]]:
        if self.rest:
            yield self.rest, self.n_seen


class _Quotes:
    """Finds lines that open a quoted cell which no later line closes.

    A line with an even number of quotes mostly stands by itself, so of those outside a quoted cell only odd
    ones are looked at. Inside a cell with line ends in it, each line with a quote is: it closes the cell; or
    it reads better as a line of its own that opens another, and then the earlier quote was never closed; or
    it is part of the cell, as long as that is not too long.
    """

    def __init__(self, delimiter: int, escape: int) -> None:
        self.delimiter = delimiter
        self.escape = escape
        self.opened: tuple[int, int] | None = None  # line and byte position of the quote that is open
        self.position = 0
        self.unclosed: set[int] = set()

    def add(self, part: bytes, first_line: int) -> None:
        data = np.frombuffer(part, np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        edges = np.concatenate(([-1], np.flatnonzero(data == _LF), [len(data)]))
        before = np.searchsorted(quotes, edges)
        n_quotes = np.diff(before)
        quoted, odd = np.flatnonzero(n_quotes), np.flatnonzero(n_quotes & 1)
        at = 0
        while True:
            left = odd if self.opened is None else quoted
            place = int(np.searchsorted(left, at))
            if place == len(left):
                break
            line = int(left[place])
            cell_quotes = quotes[before[line] : before[line + 1]].tolist()
            self._line(part, int(edges[line]) + 1, int(edges[line + 1]), cell_quotes, first_line + line)
            at = line + 1
        self.position += len(part) + 1

    def _line(self, part: bytes, start: int, stop: int, quotes: list[int], line: int) -> None:
        here = (line, self.position + start)
        alone = self._ends_inside(part, start, stop, quotes, inside=False)
        if self.opened is None:
            self.opened = here if alone else None
        elif not self._ends_inside(part, start, stop, quotes, inside=True):
            self.opened = None
        elif alone or here[1] - self.opened[1] > _MAX_SPAN_BYTES:
            self.unclosed.add(self.opened[0])
            self.opened = here if alone else None

    def _ends_inside(self, part: bytes, start: int, stop: int, quotes: list[int], *, inside: bool) -> bool:
        """Tell whether a line that begins inside a quoted cell, or outside, ends inside one."""
        skip = -1
        for at in quotes:
            after = part[at + 1] if at + 1 < stop else _LF
            if at == skip:
                continue
            if not inside:
                begins = at == start or part[at - 1] == self.delimiter
                doubled = after == _QUOTE and part[at + 2 : at + 3] not in self._enders
                inside = begins and not doubled
            elif self.escape != _QUOTE and part[at - 1] == self.escape:
                continue
            elif self.escape == _QUOTE and after == _QUOTE:
                skip = at + 1
            elif after in (self.delimiter, _CR, _LF):
                inside = False
        return inside

    @property
    def _enders(self) -> tuple[bytes, ...]:
        return (bytes([self.delimiter]), b"\r", b"\n", b"")

    def end(self) -> set[int]:
        if self.opened is not None:
            self.unclosed.add(self.opened[0])
            self.opened = None
        return self.unclosed


def mend(path: Path, compression: str, copy: Path, found: Survey) -> None:
    """Write a copy that a reader takes: UTF-8, one way of line ends, a marked line for each bad one.

    Args:
        path: the file.
        compression: of the file; the copy has none.
        copy: where to write.
        found: what the survey found.
    """
    lines = _Lines()
    cut = _Cutter(found)
    with copy.open("wb") as out:
        expected = 0
        for block in cut.blocks(path, compression):
            for part, first in lines.add(block):
                out.write(_missing(first - expected))
                expected = first + part.count(b"\n") + 1
                out.write(_mended(part, first, found.unclosed) + b"\n")
        for part, first in lines.end():
            out.write(_missing(first - expected))
            expected = first + 1
            out.write(_mended(part, first, found.unclosed) + b"\n")
        out.write(_missing(lines.n_seen + lines.in_long - expected))


class _Cutter:
    """Gives a file's blocks with one way of line ends."""

    def __init__(self, found: Survey) -> None:
        self.mixed = found.mixed_newlines

    def blocks(self, path: Path, compression: str) -> Iterator[bytes]:
        held = b""
        for block in blocks(path, compression):
            if not self.mixed:
                yield block
                continue
            block = held + block
            held = b"\r" if block.endswith(b"\r") else b""
            block = block[: len(block) - len(held)]
            yield block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if held:
            yield b"\n"


def _missing(n: int) -> bytes:
    return f"{MARK}{TOO_LONG}{MARK}\n".encode() * max(n, 0)


def _mended(part: bytes, first_line: int, unclosed: set[int]) -> bytes:
    n = part.count(b"\n") + 1
    bad = unclosed.intersection(range(first_line, first_line + n)) if unclosed else set()
    if not bad:
        try:
            part.decode()
        except UnicodeDecodeError:
            pass
        else:
            return part
    mended = []
    for number, line in enumerate(part.split(b"\n"), start=first_line):
        if number in bad:
            mended.append(_marked(line))
        else:
            mended.append(_as_utf8(line))
    return b"\n".join(mended)


def _marked(line: bytes) -> bytes:
    """Keep the beginning of a line for the summary, without what would cut it into cells."""
    shown = "".join(c if c.isalnum() or c in " -_:.@/" else " " for c in _as_utf8(line).decode()[:80])
    return f"{MARK}{UNCLOSED}{MARK}{shown}".encode()


def _as_utf8(line: bytes) -> bytes:
    try:
        line.decode()
    except UnicodeDecodeError:
        # Windows-1252 has five holes, where Latin-1 has control characters.
        try:
            return line.decode("cp1252").encode()
        except UnicodeDecodeError:
            return line.decode("latin-1").encode()
    return line


def mend_utf16(path: Path, compression: str, copy: Path) -> Path:
    """Write a UTF-8 copy of a file in UTF-16 with a byte order mark; gives the copy back."""
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    with copy.open("w", encoding="utf-8", newline="") as out:
        for block in blocks(path, compression):
            out.write(decoder.decode(block))
        out.write(decoder.decode(b"", True))
    return copy
