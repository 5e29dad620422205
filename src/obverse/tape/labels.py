"""Labels of codes: which values get a code of their own, in what order, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np
from numba import njit

from obverse.tape.arrange import frozen
from obverse.tape.codes import Codes
from obverse.tape.columns import Wanted
from obverse.tape.layout import Int32s, Int64s
from obverse.tape.reading import Reader

MAX_TEXTS = 200_000

Labels = tuple[str | None, ...]


class Texts:
    """The texts of 63-bit keys, read from the lake once. Safe to use from many threads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[tuple[Wanted, int], str | None] = {}
        self._lock = Lock()

    def of(self, wanted: Wanted, seqs: dict[int, int]) -> dict[int, str | None]:
        """Give the text of each key.

        Args:
            wanted: column that the keys are of.
            seqs: for each key the seq of an event that has it.
        """
        with self._lock:
            known = {key: self._known[wanted, key] for key in seqs if (wanted, key) in self._known}
        missing = {key: seq for key, seq in seqs.items() if key not in known}
        texts = self._reader.texts(list(missing.values()), wanted.sql, dict(wanted.params))
        read = {key: texts[seq] for key, seq in missing.items()}
        with self._lock:
            if len(self._known) + len(read) > MAX_TEXTS:
                self._known.clear()
            self._known.update({(wanted, key): text for key, text in read.items()})
        return known | read


def labelled(
    wanted: Wanted,
    groups: Codes,
    coded: Sequence[Int32s],
    seqs: Sequence[Int64s],
    n_labels: int,
    texts: Texts,
) -> tuple[list[Int32s], Labels]:
    """Turn codes by first sight into codes by frequency: the most frequent first, then one for the rest.

    Args:
        wanted: column that the values are of.
        groups: the values' keys by code.
        coded: codes of the events of each track.
        seqs: seqs of those events.
        n_labels: values that get a code of their own; of equally frequent ones those of the smaller keys.
        texts: of keys.

    Returns:
        The codes of each track, and the labels: of equally frequent values in the order of their texts.
    """
    counts, sample = np.zeros(len(groups), np.int64), np.zeros(len(groups), np.int64)
    for codes, seq in zip(coded, seqs, strict=True):
        if len(groups) > 1:
            _count(codes, seq, counts, sample)
        elif len(seq):  # all have the only one, so nothing need be read
            counts[0], sample[0] = counts[0] + len(seq), seq[0]
    present = np.flatnonzero(counts)
    top = present[np.lexsort((groups.keys[present], -counts[present]))][:n_labels]
    found = texts.of(wanted, {int(groups.keys[c]): int(sample[c]) for c in top if groups.keys[c] != -1})
    named = [(int(code), found.get(int(groups.keys[code]))) for code in top]
    named.sort(key=lambda pair: (-counts[pair[0]], pair[1] is None, pair[1] or ""))
    index = np.full(len(groups), len(named), np.int32)
    for place, (code, _) in enumerate(named):
        index[code] = place
    return [frozen(_numbered(index, codes)) for codes in coded], tuple(text for _, text in named)


def _numbered(index: Int32s, codes: Int32s) -> Int32s:
    """Give each code's number; where all are 0, in memory that takes no room until somebody writes to it."""
    return index[codes] if index.any() else np.zeros(len(codes), np.int32)


@njit(cache=True, nogil=True)
def _count(codes: Int32s, seq: Int64s, counts: Int64s, sample: Int64s) -> None:
    """Count events by code, and note the seq of one of each."""
    for i in range(len(codes)):
        if counts[codes[i]] == 0:
            sample[codes[i]] = seq[i]
        counts[codes[i]] += 1
