"""All reels of a lake, brought up to its newest event together with the streams and claims they rest on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.event import STREAM_SQL
from obverse.lake.snapshot import Snapshot
from obverse.lake.table import EventTable
from obverse.tape.arrange import frozen, widened
from obverse.tape.cache import Cache, Worth
from obverse.tape.codes import Codes
from obverse.tape.columns import Columns, Gone
from obverse.tape.directory import Directory
from obverse.tape.few import Column, Few
from obverse.tape.layout import Floats, Int32s, Int64s
from obverse.tape.memory import give_back
from obverse.tape.owners import Claimed, Owners
from obverse.tape.reading import MANY_ROWS, Reader
from obverse.tape.reel import COLUMNS, Kind, Reel, Rows, build, splice
from obverse.tape.store import MAX_BYTES, WORTH_KEEPING, KeptReel, Meta, ReelStore, bounded

log = logging.getLogger("obverse.tape")

VALUE_SQL = "coalesce(nullif(value, 'nan'::DOUBLE), 0)"
"""Money of a row."""

ANONYMOUS_SQL = STREAM_SQL.replace("user_id", "NULL::VARCHAR")
"""Stream of a row's anonymous id, whoever the row came under."""

CLAIMING = ("identify", "alias")
"""Types of the calls that make claims."""

CLAIM_SQL = (
    f"type IN {CLAIMING} AND user_id IS NOT NULL AND anonymous_id IS NOT NULL"  # a tuple reads as SQL's list
)
"""Whether a row is a claim."""

_ROWS = {"stream": "stream", "time": "epoch_us(time)", "value": VALUE_SQL}
_CLAIMS = (
    f"SELECT seq, {ANONYMOUS_SQL} AS anonymous, epoch_us(time) AS time, stream FROM {{source}} "  # noqa: S608 - ours
    f"WHERE {CLAIM_SQL}"
)
_COUNTS = "SELECT event, count(*) AS n, max(epoch_us(time)) AS newest FROM {source} GROUP BY event"

_STATE = ("version", "rewritten", "last_seq", "n_events", "newest")


@dataclass(frozen=True)
class _Raw:
    """Events as they were read: the `streams` that occur have numbers of their own, which `stream` gives."""

    seq: Int64s
    streams: Codes
    stream: Int32s
    time: Int64s
    value: Floats
    upto: int


class Reels:
    """Reels, streams, claims and counts, all of one moment; whoever reads more than one holds `lock`.

    Attributes:
        lock: taken by whoever calls `refresh`, `get` or reads `streams`, `owners`, `counts`.
        streams: numbers of the streams, which are the numbers of people too.
        owners: the claims.
        counts: events by name.
        newest: time of the newest event, µs.
        last_seq: all of these cover every event up to this.
        version: version of the lake that was.
        rewritten: its `Snapshot.rewritten`.
    """

    def __init__(
        self,
        table: EventTable,
        reader: Reader,
        cache: Cache,
        path: Path | None,
        directory: Directory,
        columns: Columns,
    ) -> None:
        self.lock = threading.RLock()
        self._table = table
        self._reader = reader
        self._cache = cache
        self._store = ReelStore(path, directory.lake) if path else None
        self._directory = directory
        self._columns = columns
        self._raw: dict[Kind, _Raw] = {}
        self._preparing = threading.Lock()
        self._saving = threading.Lock()
        self._opened = False
        self._life = 0
        self._forget()

    def _forget(self) -> None:
        self.streams = Codes()
        self.owners = Owners()
        self.counts: dict[str, int] = {}
        self.newest = self.last_seq = self.n_events = 0
        self.version = -1
        self.rewritten = ""
        self._kept: dict[Kind, KeptReel] = {}
        self._editions: dict[Kind, int] = {}
        self._token = ""
        self._unsaved = 0
        self._grown = False  # whether reels on disk have no room for people who came since
        self._waiting: dict[Kind, Reel] = {}  # for the disk, if the cache has no room for them meanwhile
        self._life += 1
        self._raw.clear()

    def reset(self) -> None:
        """Forget everything, on disk too, so that it is made anew from the lake."""
        with self.lock:
            self._forget()
            self._columns.forget()
            self._cache.discard(lambda key: True)
            self._directory.forget()
            if self._store:
                self._store.clear()

    # -- up to date -------------------------------------------------------------------------------------

    def refresh(self) -> int:
        """Take in the claims and counts of new events, and say up to which seq all is now."""
        if not self._opened:
            self._open()
            self._opened = True
        snapshot = self._table.refresh()
        if snapshot.version == self.version:
            return self.last_seq
        if not self._continues(snapshot):
            log.info("events of the lake were deleted or changed; the tape is made anew")
            self.reset()
        if snapshot.last_seq > self.last_seq:
            self._take_claims(snapshot.last_seq)
            self._take_counts(snapshot.last_seq)
        self.last_seq, self.n_events, self.version = snapshot.last_seq, snapshot.n_events, snapshot.version
        self.rewritten = snapshot.rewritten
        return self.last_seq

    def _continues(self, snapshot: Snapshot) -> bool:
        """Tell whether a snapshot holds all that was there, and more: seqs are given without gaps."""
        came = snapshot.last_seq - self.last_seq
        whole = came >= 0 and snapshot.n_events - self.n_events == came
        same = snapshot.version > self.version and snapshot.rewritten == self.rewritten
        return self.version < 0 or (whole and same)

    def _take_claims(self, upto: int) -> None:
        found = self._reader.arrow(_CLAIMS, {}, self.last_seq, upto)
        anonymous, user = (found[name].to_numpy() for name in ("anonymous", "stream"))
        stream, person = self.streams.encode(frozen(anonymous)), self.streams.encode(frozen(user))
        claims = Claimed(stream, found["time"].to_numpy(), person, found["seq"].to_numpy())
        self.owners.add(claims, self.streams.keys)

    def _take_counts(self, upto: int) -> None:
        for row in self._reader.arrow(_COUNTS, {}, self.last_seq, upto).to_pylist():
            self.counts[row["event"]] = self.counts.get(row["event"], 0) + row["n"]
            self.newest = max(self.newest, row["newest"])

    # -- reels ------------------------------------------------------------------------------------------

    def prepare(self, kinds: list[Kind]) -> None:
        """Make the reels that are not there yet, reading without the lock; one thread at a time."""
        with self._preparing:
            for kind in kinds:
                with self.lock:
                    upto = self.refresh()
                    if self._held(kind) is not None:
                        continue
                raw = self._read(kind, 0, upto)
                with self.lock:
                    self._raw[kind] = raw
                    del raw
                    self.get([kind])

    def get(self, kinds: Iterable[Kind]) -> dict[Kind, Reel]:
        """Give the reels of some kinds, as of `last_seq`, with offsets for all people.

        Raises:
            Gone: rows that were there are there no more.
        """
        before = self._unsaved
        reels = {kind: self._get(kind) for kind in kinds}
        reels = {kind: self._widened(kind, reel) for kind, reel in reels.items()}
        if self._unsaved > before and sum(map(len, reels.values())) >= MANY_ROWS:
            give_back()  # what the reels were before
        return reels

    def _get(self, kind: Kind) -> Reel:
        reel = self._held(kind)
        if reel is None:
            raw = self._raw.pop(kind, None) or self._read(kind, 0, self.last_seq)
            upto, rows = raw.upto, [self._coded(raw)]
            del raw
            reel = build(rows.pop(), self.owners, len(self.streams), upto)
        if reel.last_seq < self.last_seq:
            reel = splice(reel, self._news(kind, reel), self.owners, len(self.streams), self.last_seq)
        if self._expected(kind) not in (None, len(reel)):
            raise Gone
        return reel

    def _widened(self, kind: Kind, reel: Reel) -> Reel:
        """Keep a reel, with room for the people that came with others."""
        if len(reel.offsets) <= len(self.streams):
            reel = replace(reel, offsets=widened(reel.offsets, len(self.streams)))
            self._grown = self._grown or kind in self._kept
        self._cache.put(("reel", kind), reel, reel.nbytes, Worth.REEL)
        if self.worth_saving():
            self._waiting[kind] = reel
        return reel

    def are(self, editions: Mapping[Kind, int]) -> bool:
        """Tell whether the reels in memory are those of before; one that is not in memory may be."""
        for kind, edition in editions.items():
            reel: Reel | None = self._cache.get(("reel", kind))
            if reel and reel.edition != edition:
                return False
        return True

    def _held(self, kind: Kind) -> Reel | None:
        found: Reel | None = self._cache.get(("reel", kind))
        found = self._waiting.get(kind) if found is None else found
        if found is None and self._store and kind in self._kept:
            found = self._store.reel(self._kept[kind])
            if found is None:
                del self._kept[kind]
            else:
                self._editions[kind] = found.edition
        return found

    def _expected(self, kind: Kind) -> int | None:
        if kind.column == "event":
            return self.counts.get(kind.value, 0)
        return None if kind.column else self.n_events

    def _news(self, kind: Kind, reel: Reel) -> Rows:
        if self._expected(kind) == len(reel):
            return Rows(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64))
        return self._coded(self._read(kind, reel.last_seq, self.last_seq))

    def _read(self, kind: Kind, after: int, upto: int) -> _Raw:
        streams = Codes()

        def narrow(chunk: Mapping[str, NDArray[Any]]) -> dict[str, Column]:
            return {
                "stream": streams.encode(frozen(chunk["stream"])),
                "time": chunk["time"],
                "value": Few.of(chunk["value"].view(np.int64)),  # mostly there is none: a byte an event
            }

        seq, columns = self._reader.columns(_ROWS, kind, after, upto, {}, narrow)
        stream, time = np.asarray(columns["stream"], np.int32), np.asarray(columns["time"])
        return _Raw(seq, streams, stream, time, _money(columns["value"]), upto)

    def _coded(self, raw: _Raw) -> Rows:
        self._unsaved += len(raw.seq)
        numbers = self.streams.encode(raw.streams.keys)
        return Rows(raw.seq, numbers[raw.stream], raw.time, raw.value)

    # -- on disk ----------------------------------------------------------------------------------------

    def _open(self) -> None:
        meta = self._store.load() if self._store else None
        if not self._store or not meta or meta.version > self._table.refresh().version:
            return
        try:
            self.streams = Codes(self._store.streams(meta))
            self.owners = Owners.again(self._store.claims(meta), len(self.streams))
        except (OSError, ValueError, KeyError, TypeError):
            self._forget()
            return
        self.counts, self.newest, self._token = dict(meta.counts), meta.newest, meta.token
        self.last_seq, self.n_events, self.version = meta.last_seq, meta.n_events, meta.version
        self.rewritten = meta.rewritten
        self._kept = {reel.kind: reel for reel in meta.reels}
        snapshot = self._table.snapshot
        if snapshot.version != self.version and not self._continues(snapshot):
            self.reset()

    def worth_saving(self) -> bool:
        """Tell whether enough was read since reels were last kept."""
        return self._store is not None and self._unsaved >= WORTH_KEEPING

    def save(self) -> bool:
        """Keep the reels in memory on disk; False where there is nothing new or it cannot be done."""
        if self._store is None or not (self._unsaved or self._grown):
            return False
        with self._saving, self._store.writing() as held:
            with self.lock:
                waiting = {reel.edition for reel in self._waiting.values()}
            try:
                return held and self._save(self._store)  # else no right to write, or another process is at it
            except OSError as error:
                log.warning("the tape is not kept on disk: %s", error)
                self._store.sweep(self._store.load())
                return False
            finally:
                with self.lock:  # those that came meanwhile go on waiting
                    came = self._waiting.items()
                    self._waiting = {kind: reel for kind, reel in came if reel.edition not in waiting}

    def _save(self, store: ReelStore) -> bool:
        on_disk = store.load()
        with self.lock:
            life, unsaved = self._life, self._unsaved
            ours = on_disk is not None and on_disk.token == self._token
            reels = self._in_memory()
            if on_disk and not ours and _n_rows(on_disk) > sum(map(len, reels.values())):
                return False  # another process keeps more
            kept = dict(self._kept) if ours else {}
            keys, claims = self.streams.keys, self.owners.all()
            state = {name: getattr(self, name) for name in _STATE}
            meta = Meta(lake=store.lake, counts=dict(self.counts), **state)
            room = max(MAX_BYTES, self._table.snapshot.n_bytes)
        for kind, reel in reels.items():
            old = kept.pop(kind, None)
            if old and self._editions.get(kind) == reel.edition:
                files = old.files
                if files["offsets"].n < len(reel.offsets):  # people came; else each process makes room anew
                    files = {**files, **store.write({"offsets": reel.offsets})}
            else:
                files = store.write(dict(zip(COLUMNS, reel.arrays, strict=True)))
            kept[kind] = KeptReel(kind.column, kind.value, reel.last_seq, files)
        base = store.write({"streams": keys, **vars(claims)})
        meta = replace(meta, streams=base.pop("streams"), claims=base, reels=bounded([*kept.values()], room))
        with self.lock:
            if life != self._life:
                store.sweep(on_disk)
                return False
            store.put(meta)
            self._unsaved -= unsaved
            self._grown = False
            self._settle(store, meta, reels)
        return True

    def _in_memory(self) -> dict[Kind, Reel]:
        return self._waiting | {key[1]: reel for key, reel in self._cache.items(Worth.REEL)}

    def _settle(self, store: ReelStore, meta: Meta, saved: dict[Kind, Reel]) -> None:
        """Let go of memory that the disk holds now: the same reels, mapped."""
        self._token = meta.token
        self._kept = {reel.kind: reel for reel in meta.reels}
        self._editions = {kind: reel.edition for kind, reel in saved.items() if kind in self._kept}
        for kind, reel in self._in_memory().items():
            if self._editions.get(kind) == reel.edition and (mapped := store.reel(self._kept[kind])):
                again = replace(mapped, last_seq=reel.last_seq, edition=reel.edition)
                self._cache.put(("reel", kind), again, again.nbytes, Worth.REEL)


def _money(bits: Column) -> Floats:
    """Give money of its bits; none where no event has any."""
    if isinstance(bits, Few) and not bits.keys.any():
        return np.zeros(0)
    return np.asarray(bits.spelt() if isinstance(bits, Few) else bits).view(np.float64)


def _n_rows(meta: Meta) -> int:
    return sum(reel.files["time"].n for reel in meta.reels)
