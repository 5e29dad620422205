"""A lake, or a table, that questions are asked of on Spark."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from obverse.engine.lake import AnyLake, facts
from obverse.engine.people import PeoplePage
from obverse.engine.spark.lake_source import LakeSource
from obverse.engine.spark.people import named
from obverse.engine.spark.query import run
from obverse.engine.spark.scanning import PERSON, SUMMARY, Finding, Scanning, merged
from obverse.engine.spark.session import session_of
from obverse.engine.spark.source import Source
from obverse.engine.spark.staging import Staged, staged
from obverse.engine.spark.table_source import Columns, TableSource
from obverse.errors import DataError, QuestionError
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.measure import measure_of
from obverse.measure.picture import Pick
from obverse.measure.protocol import Plan
from obverse.measure.question import Answer, Question
from obverse.settings.segments import Segment
from obverse.settings.store import Settings
from obverse.tape.layout import Layout

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")

MAX_SNAPSHOT = 1_000_000
"""People that a snapshot may keep: they are a list in the settings, and on the driver when it is used."""

_SAID = re.compile(r"DataError: (.+)")


class SparkLake(AnyLake):
    """Events to ask questions of on a cluster: those of a data folder, or of a table.

    Whatever is asked, the driver gets no more than the question's own size: never a row a person.

    Attributes:
        session: the Spark session.
    """

    def __init__(
        self,
        session: SparkSession,
        source: Source,
        find: Callable[[str], Segment],
        settings: Settings | None = None,
    ) -> None:
        self.session = session
        self._source = source
        self._find = find
        self._settings = settings

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | DataFrame,
        *,
        session: SparkSession | None = None,
        columns: Columns | None = None,
        segments: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Open the lake of a data folder, or a table.

        Args:
            path: the data folder, which executors must reach under the same path; with `columns` a table of
                the session, by name, or a DataFrame.
            session: the Spark session; the active one unless given, or one of this machine.
            columns: which columns of a table stand for which of the lake's; see `TableSource`.
            segments: for a table, the data folder whose saved segments questions may name, and where new ones
                are saved; made where there is none.

        Raises:
            DataError: it is no data folder, damaged, or of a later version.
            QuestionError: `columns` does not fit the table, or is missing for a DataFrame.
            MissingExtraError: the extra ``spark`` is not installed.
        """
        if isinstance(path, str | os.PathLike):
            found = session_of(session)
            if columns is None:
                return cls._of_folder(Path(path), found, segments)
            return cls._of_table(found, TableSource(lambda: found.table(str(path)), columns), segments)
        if columns is None:
            raise QuestionError(
                "columns: say which columns of the table are the event, the time and the user_id"
            )
        found = session_of(session or path.sparkSession)
        return cls._of_table(found, TableSource(lambda: path, columns), segments)

    @classmethod
    def _of_folder(cls, path: Path, session: SparkSession, segments: object) -> Self:
        if segments is not None:
            raise QuestionError("segments: a data folder has its own; leave this to tables")
        folder = Folder.open(path)
        settings = Settings.open(folder.settings)
        source = LakeSource(EventTable.open(folder.events), session)
        return cls(session, source, settings.segments.get, settings)

    @classmethod
    def _of_table(
        cls, session: SparkSession, source: TableSource, segments: str | os.PathLike[str] | None
    ) -> Self:
        if segments is None:
            return cls(session, source, _no_segment)
        settings = Settings.open(Folder.open(Path(segments), create=True).settings)
        return cls(session, source, settings.segments.get, settings)

    def close(self) -> None:
        """Let go of the data folder; the session goes on."""
        if self._settings is not None:
            self._settings.close()

    def _ask(self, question: Question) -> Answer:
        return self._trying(lambda: self._answered(question))

    def _answered(self, question: Question) -> Answer:
        measure = measure_of(question)
        plan = measure.plan(question)
        with self._staged(plan, question) as (rows, nobody):
            summary = measure.scan(question, nobody, range(0))  # refuses here what cannot be asked
            scanned = rows.rows.mapInArrow(Scanning(measure, question, rows.brief), SUMMARY)
            summary = reduce(lambda one, other: one.merge(other), merged(scanned, rows.n), summary)
        paid = self._source.currencies() if plan.value else ()
        known = facts(plan, nobody, self._source.tally().counts, paid)
        answer = measure.answer(question, summary, known)
        return msgspec.structs.replace(answer, notes=(*answer.notes, *self._source.notes()))

    def people(
        self, question: Question, pick: Pick | None = None, *, limit: int = 100, offset: int = 0
    ) -> PeoplePage:
        """List the people behind a part of an answer, in the order of their keys; see `AnyLake.people`."""
        return self._trying(lambda: self._found(question, pick or {}, limit, offset))

    def _found(self, question: Question, pick: Pick, limit: int, offset: int) -> PeoplePage:
        with self._behind(question, pick) as (found, claimed):
            n = found.count()
            page = found.orderBy("unit").offset(offset).limit(limit).collect()
        return PeoplePage(n, named(self._source, [row.unit for row in page], claimed))

    @contextmanager
    def _behind(self, question: Question, pick: Pick) -> Iterator[tuple[DataFrame, bool]]:
        """Find the keys of the people behind a part of an answer, and whether anybody ever identified."""
        measure = measure_of(question)
        with self._staged(measure.plan(question), question) as (rows, nobody):
            measure.behind(question, nobody, pick)  # refuses here what cannot be asked
            found = rows.rows.mapInArrow(Finding(measure, question, pick, rows.brief), PERSON).persist()
            try:
                yield found, rows.brief.recipe.claimed
            finally:
                found.unpersist()

    def save_segment(
        self, name: str, question: Question, pick: Pick | None = None, *, snapshot: bool = False
    ) -> Segment:
        """Save the people behind a part of an answer as a segment, to filter and split questions by.

        Args:
            name: what to call it.
            question: what was asked.
            pick: which part of the answer; everyone who is counted unless given.
            snapshot: keep the people as they are now, instead of finding them anew at each question; at most
                `MAX_SNAPSHOT`.

        Raises:
            QuestionError: there is no such part, the name is taken, a snapshot is too large, or a table was
                opened without `segments`.
        """
        if self._settings is None:
            raise QuestionError(f"name: {name!r} cannot be saved; {_NO_SEGMENTS}")
        keys = self._trying(lambda: self._keys(question, pick or {}, snapshot))
        return self._settings.segments.save(name, question.to_json(), pick or {}, keys)

    def _keys(self, question: Question, pick: Pick, snapshot: bool) -> bytes | None:
        """Give the keys of a snapshot's people; for another segment only see that it can be found."""
        with self._behind(question, pick) as (found, _):
            n = found.count()
            if not snapshot:
                return None
            if n > MAX_SNAPSHOT:
                raise QuestionError(
                    f"snapshot: {n} people are more than the {MAX_SNAPSHOT} that one keeps; save the segment "
                    "without, so that they are found anew at each question"
                )
            return np.sort(found.toArrow()["unit"].to_numpy()).tobytes()

    def names(self) -> list[tuple[str, int]]:
        """List the names of events with their counts, the most frequent first."""
        return self._trying(lambda: self._source.tally().names())

    def sql(self, text: str) -> pa.Table:
        """Run a query in Spark's SQL over the view `events`, and nothing else; the whole result is given.

        Raises:
            QuestionError: it is not one query, names another table, or Spark refuses it.
        """
        return self._trying(lambda: run(self.session, self._source, text))

    @contextmanager
    def _staged(self, plan: Plan, question: Question) -> Iterator[tuple[Staged, Layout]]:
        """Prepare the rows of a question, and lay out nobody for it."""
        with staged(self.session, self._source, self._find, plan, question.segment) as rows:
            yield rows, rows.brief.layout(rows.brief.nobody(), plan, question.segment)

    def _trying(self, run: Callable[[], T]) -> T:
        """Run something on the newest events; where a file of theirs is gone meanwhile, once more.

        Raises:
            DataError: executors cannot read an event, or have another version.
        """
        from pyspark.errors import PySparkException, PythonException

        self._source.refresh()
        try:
            return run()
        except PythonException as error:
            said = _SAID.search(str(error))
            raise DataError(said[1] if said else str(error)) from error
        except PySparkException as error:
            if not self._source.retrying(error):
                raise
        return run()


_NO_SEGMENTS = "a table has no saved segments unless it is opened with segments=FOLDER"


def _no_segment(name: str) -> Segment:
    raise QuestionError(f"segment: {name!r}: {_NO_SEGMENTS}")
