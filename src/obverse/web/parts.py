"""The parts of a running server: opened in the order that events flow, closed with nothing left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from subprocess import Popen
from typing import Any

from obverse.collect import inbox_file
from obverse.collect.asgi import Collect
from obverse.collect.batch import Batch
from obverse.collect.importing_spool import Spool, SpoolTaker
from obverse.collect.inbox import Inbox
from obverse.collect.limits import Limits
from obverse.collect.reserved import Reserved
from obverse.collect.source import Source
from obverse.engine import warming
from obverse.engine.local import Lake
from obverse.errors import DataError
from obverse.folder import Folder
from obverse.lake.seen import Seen, append_new
from obverse.lake.table import EventTable
from obverse.lake.writer import APP_ID, Writer, advice
from obverse.settings.store import Settings, now_us
from obverse.settings.values import ServerSettings
from obverse.surveys.events import SURVEY_EVENTS
from obverse.surveys.recording import SOURCE as SURVEYS_SOURCE
from obverse.tape.tape import Tape
from obverse.web.attempts import Attempts
from obverse.web.desk import Desk
from obverse.web.live import PER_SECOND, Live
from obverse.web.site import Site
from obverse.web.surveys.app import SurveyRoutes
from obverse.web.surveys.askings import Askings
from obverse.web.surveys.askings_rows import Who
from obverse.web.surveys.audiences import Audiences
from obverse.web.surveys.filters import Filters
from obverse.web.surveys.forgetting import Kept
from obverse.web.surveys.judging import Judging
from obverse.web.surveys.live import Live as LiveSurveys
from obverse.web.surveys.mixing import Mixing
from obverse.web.surveys.offering import Offering
from obverse.web.surveys.posthog import PosthogSurveys
from obverse.web.surveys.shelf import Shelf
from obverse.web.surveys.taking import Taking

_LOG = logging.getLogger(__name__)
STUCK_S = 30.0
DRAIN_S = 20.0
KEPT_ANSWERS = 64
"""Answers that need not be worked out again while the lake stays as it is."""
IMPORT = "import"
"""Folder below the data folder in which `obverse import` hands chunks to a running server."""


@dataclass(frozen=True)
class Shown:
    """Keeps batches in the inbox and then shows their events to whoever watches."""

    inbox: Inbox
    live: Live

    async def put(self, batch: Batch) -> None:
        """Return once the batch is synced to disk."""
        shown = batch.events[:PER_SECOND] if self.live.n_clients else []
        await self.inbox.put(batch)  # which takes the events out of the batch
        self.live.publish(shown)

    def note(self, batch: Batch) -> None:
        """Count a batch that has no event to keep."""
        self.inbox.note(batch)


class Parts:
    """The parts of a server on one data folder, which must be locked by this process.

    Attributes:
        folder: the data folder.
        settings: the operator's.
        values: its single values, as they were at the start.
        inbox: keeps events until the lake has them.
        writer: brings them there, in threads of its own.
        imports: takes what `obverse import` hands over, in a thread of its own.
        lake: answers questions.
        desk: where those queue.
        live: shows events as they arrive.
        collect: the ASGI app of the ingest routes.
        askings: who was asked which survey.
        taking: takes answers to surveys.
        asking: decides whom to ask.
    """

    def __init__(self, folder: Folder, settings: Settings, new_inbox: bool = False) -> None:
        """Open everything; with `new_inbox`, set an inbox aside that is damaged, or do without a lost one.

        Raises:
            DataError: a part is damaged or of a newer version; nothing was overwritten.
        """
        self.folder = folder
        self.settings = settings
        self.values: ServerSettings = settings.values()
        self._warming: Popen[bytes] | None = None
        with ExitStack() as stack:
            table = EventTable.open(folder.events, create=True)
            self.inbox = _open_inbox(folder, self.values.inbox_bytes, table.committed(APP_ID), new_inbox)
            stack.callback(self.inbox.close)
            self.seen = Seen.open(folder.seen, table)
            stack.callback(self.seen.close)
            self.writer = Writer(self.inbox, table, self.seen)
            self.imports = SpoolTaker(Spool(folder.root / IMPORT), partial(append_new, table, self.seen))
            threads = os.cpu_count() or 1
            self.lake = Lake(
                table,
                Tape(table, folder.tape, threads=threads),
                threads,
                settings.segments,
                keep_answers=KEPT_ANSWERS,
            )
            stack.callback(self.lake.close)
            self.desk = Desk(
                self.values.questions_at_once, self.values.questions_waiting, self.values.question_s
            )
            stack.callback(self.desk.close)
            self.live = Live(self.values.live_clients)
            keeper = Shown(self.inbox, self.live)
            kept = Kept(surveys=settings.surveys.all, rest_days=self.values.survey_rest_days)
            self.askings = Askings(folder.askings, now_us, kept)
            stack.callback(self.askings.close)
            audiences = Audiences(self.lake, now_us)
            stack.callback(audiences.close)
            self.taking = Taking(
                Shelf(settings.surveys),
                keeper,
                self._mixing(folder, stack),
                settings.surveys.secret(),
                now_us,
                heard=self.askings.hear,
                variants=lambda user, device: audiences.variants(Who.of(user, device), wait=True),
            )
            self.asking = self._asking(audiences, stack)
            self.collect = Collect(
                keeper,
                self._source_of,
                self._limits(),
                address=self.values.public_url,
                reserved=Reserved(
                    frozenset(SURVEY_EVENTS), "survey_id", self.asking.surveys.is_ours, SURVEYS_SOURCE
                ),
                surveys=PosthogSurveys(self.asking.surveys, settings.surveys, self.values.survey_rest_days),
            )
            self._stack = stack.pop_all()

    def _asking(self, audiences: Audiences, stack: ExitStack) -> Offering:
        """Open what decides whom to ask."""
        filters = Filters()
        stack.callback(filters.close)
        return Offering(
            surveys=LiveSurveys(self.settings.surveys, now_us),
            askings=self.askings,
            audiences=audiences,
            judging=Judging(audiences, filters),
            source_of=self._source_of,
            taking=self.taking,
            action=f"{self.values.sdk_path}/surveys/answer",
            rest_days=self.values.survey_rest_days,
            clock=now_us,
        )

    def _mixing(self, folder: Folder, stack: ExitStack) -> Mixing:
        held = Inbox.open(folder.anonymous, self.values.inbox_bytes)
        stack.callback(held.close)
        mixing = Mixing(held, self.inbox, now_us)
        stack.callback(mixing.close)
        return mixing

    def _limits(self) -> Limits:
        return Limits(max_event_bytes=self.values.event_bytes, max_batch_bytes=self.values.batch_bytes)

    def _source_of(self, key: str) -> Source | None:
        found = self.settings.source_of(key)
        return Source(found.name, found.touchpoint) if found else None

    def start(self) -> None:
        """Start the threads that fill and tidy the lake, and compile kernels if that is not done."""
        self.writer.start()
        self.imports.start()
        self._warming = warming.start()

    def is_well(self) -> bool:
        """Tell whether events get on into the lake, or have been stuck for no longer than half a minute."""
        stuck_at = self.writer.status.error_at
        return stuck_at is None or time.time() - stuck_at < STUCK_S

    def state(self, site: Site) -> dict[str, Any]:
        """Give what handlers find in ``request.app.state``. Call it on the event loop."""
        return {
            "folder": self.folder,
            "settings": self.settings,
            "access": self.settings.access,
            "values": self.values,
            "site": site,
            "inbox": self.inbox,
            "writer": self.writer,
            "seen": self.seen,
            "lake": self.lake,
            "desk": self.desk,
            "live": self.live,
            "attempts": Attempts(self.values.login_attempts),
            "hashing": asyncio.Semaphore(1),  # one password at a time: each takes 64 MiB
            "is_well": self.is_well,
            "taking": self.taking,
            "asking": self.asking,
            "survey_routes": SurveyRoutes(self.taking, self.values.sdk_path, self._limits(), self.asking),
        }

    def close(self) -> None:
        """Bring what was accepted into the lake, if that is soon done, and close everything."""
        if self._warming is not None and self._warming.poll() is None:
            self._warming.terminate()
            self._warming.wait()
        try:
            self.imports.stop()
            self.writer.stop()
            self._drain()
        finally:
            self._stack.close()

    def _drain(self) -> None:
        until = time.monotonic() + DRAIN_S
        try:
            while self.writer.run_once().n_rows:
                if time.monotonic() > until:
                    _LOG.info("the rest stays in the inbox; the next start takes it up")
                    return
        except Exception as error:
            _LOG.error("events stay in the inbox, the next start takes them up: %s", advice(error))


def _open_inbox(folder: Folder, max_bytes: int, committed: int, new: bool) -> Inbox:
    """Open the inbox that the lake was filled from: with another, new events would look as if they were in.

    With `new`, begin one whose positions go on after the lake's, the old one set aside.

    Raises:
        DataError: without `new`, it is gone, damaged, or an older copy.
    """
    way_out = "nothing was written. Put it back; if it is gone for good, start with --new-inbox"
    if new:
        aside = inbox_file.set_aside(folder.inbox)
        _LOG.warning("a new inbox is begun; the old one %s", f"is now {aside}" if aside else "was not there")
    elif committed and not folder.inbox.exists():
        raise DataError(f"{folder.inbox} is missing, and the lake was filled from it; {way_out}")
    inbox = Inbox.open(folder.inbox, max_bytes, after=committed)
    if inbox.last_position < committed:
        inbox.close()
        raise DataError(
            f"{folder.inbox} is older than the lake: it ends at batch {inbox.last_position}, the lake has "
            f"{committed}; {way_out}"
        )
    return inbox
