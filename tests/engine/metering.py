"""What Spark itself measured of the stages that ran in a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession


class Meter:
    """Sums over the stages that began after it was made, as Spark's own status store has them."""

    def __init__(self, session: SparkSession) -> None:
        context: Any = session.sparkContext
        self._gateway = context._gateway
        self._context = context._jsc.sc()
        self._first = max((stage.stageId() for stage in self._all()), default=-1) + 1

    def _all(self) -> list[Any]:
        self._context.listenerBus().waitUntilEmpty()
        none, no_quantiles = self._gateway.jvm.java.util.ArrayList, self._gateway.new_array
        stages = self._context.statusStore().stageList(
            none(), False, False, no_quantiles(self._gateway.jvm.double, 0), none()
        )
        return [stages.apply(at) for at in range(stages.size())]

    def stages(self) -> list[Any]:
        """List the stages since."""
        return [stage for stage in self._all() if stage.stageId() >= self._first]

    def sum(self, what: str) -> int:
        """Sum a number over the stages, such as ``inputBytes``, ``shuffleWriteBytes``, ``resultSize``."""
        return sum(int(getattr(stage, what)()) for stage in self.stages())


@contextmanager
def metered(session: SparkSession) -> Iterator[Meter]:
    """Measure what runs in a block."""
    yield Meter(session)
