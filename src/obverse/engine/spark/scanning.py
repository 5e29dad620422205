"""The last step on executors: the measure's own scan of each chunk, and the merging of what it leaves."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from obverse.engine.spark.chunks import chunks
from obverse.engine.spark.laying import Brief
from obverse.measure.picture import Pick
from obverse.measure.protocol import Measure
from obverse.measure.question import Question

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FEW = 8
"""Summaries that may be on the driver, or come to one merging task, at once."""

_SUMMARY = pa.schema([("part", pa.int64()), ("summary", pa.binary())])
SUMMARY = "part long, summary binary"
"""The columns of `Scanning` and `Merging`, as Spark writes them."""

PERSON = "unit long"
"""The column of `Finding`."""


class Scanning:
    """Leaves the summary of a partition's units; sent to executors."""

    def __init__(self, measure: Measure, question: Question, brief: Brief) -> None:
        self._measure = measure
        self._question = question
        self._brief = brief

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give one summary, or none of no rows."""
        plan = self._measure.plan(self._question)
        summary: Any = None
        for rows in chunks(batches):
            layout = self._brief.layout(rows, plan, self._question.segment)
            more = self._measure.scan(self._question, layout, range(layout.n_units))
            summary = more if summary is None else summary.merge(more)
        if summary is not None:
            yield _row(summary)


class Finding:
    """Gives the keys of the people behind a part of an answer; sent to executors."""

    def __init__(self, measure: Measure, question: Question, pick: Pick, brief: Brief) -> None:
        self._measure = measure
        self._question = question
        self._pick = pick
        self._brief = brief

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the keys of each chunk's people."""
        plan = self._measure.plan(self._question)
        for rows in chunks(batches):
            layout = self._brief.layout(rows, plan, self._question.segment)
            behind = self._measure.behind(self._question, layout, self._pick)
            yield pa.record_batch({"unit": np.unique(rows["unit"])[behind]})


class Merging:
    """Merges the summaries of a partition; sent to executors."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give one summary, or none of none."""
        found = [loaded(one) for batch in batches for one in batch["summary"].to_pylist()]
        if found:
            yield _row(reduce(lambda one, other: one.merge(other), found))


def _row(summary: Any) -> pa.RecordBatch:
    from pyspark import TaskContext

    context = TaskContext.get()
    part = 0 if context is None else context.partitionId()
    return pa.record_batch(
        [pa.array([part]), pa.array([pickle.dumps(summary)], pa.binary())], schema=_SUMMARY
    )


def loaded(summary: bytes) -> Any:
    """Read a summary that an executor of ours wrote."""
    return pickle.loads(summary)  # noqa: S301 - from our own executors


def merged(summaries: DataFrame, n: int) -> Iterator[Any]:
    """Merge the summaries of n partitions in stages and give the few that are left.

    Each stage leaves an `FEW`-th, so that neither the driver nor a task ever holds many.
    """
    from pyspark.sql import functions as fn

    while n > FEW:
        n = -(-n // FEW)
        summaries = summaries.repartition(n, fn.col("part") % n).mapInArrow(Merging(), SUMMARY)
    for row in summaries.select("summary").collect():
        yield loaded(bytes(row.summary))


Step = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
"""What `mapInArrow` runs over a partition."""
