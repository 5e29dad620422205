"""Filters: whether an event that just happened is as a moment wants it, by the language of all filters.

DuckDB judges, as it does for questions, in a thread of its own. What comes while it judges waits and is then
judged together, one query an expression: a burst of events costs few queries. Nobody waits longer than a
limit, however slow an expression is.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import duckdb

from obverse.errors import QuestionError
from obverse.event import Event
from obverse.tape.expression import Expression, parse

_LOG = logging.getLogger(__name__)
_KEPT = 500
"""Expressions that are kept checked."""
_COLUMNS = {"time": "make_timestamptz(unnest($_time::BIGINT[]))", "value": "unnest($_value::DOUBLE[])"}
"""How the columns that are no texts are read from lists."""
Waiting = list[tuple[Event, "asyncio.Future[bool | None]"]]


class Filters:
    """Judges events. Used from one event loop; call `close` at the end.

    Args:
        limit_s: seconds after which a judgement is given up.
        most_waiting: events that may wait; more are not judged.
    """

    def __init__(self, limit_s: float = 0.25, most_waiting: int = 2_000) -> None:
        self._limit_s = limit_s
        self._most_waiting = most_waiting
        self._n_waiting = 0
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._known: OrderedDict[str, Expression | None] = OrderedDict()
        self._database = duckdb.connect(config={"threads": 1})
        self._database.execute("SET TimeZone = 'UTC'")
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="filters")
        self._task: asyncio.Task[None] | None = None

    async def holds(self, where: str, event: Event) -> bool | None:
        """Tell whether an event is as an expression says; None where that cannot be told, or not in time."""
        if self._n_waiting >= self._most_waiting:
            return None
        future: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(where, []).append((event, future))
        self._n_waiting += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await future

    def close(self) -> None:
        """End what runs."""
        self._database.interrupt()
        self._pool.shutdown(cancel_futures=True)
        self._database.close()

    async def _work(self) -> None:
        while self._waiting:
            where, waiting = self._waiting.popitem(last=False)
            found = await self._judge(where, [event for event, _ in waiting])
            self._n_waiting -= len(waiting)
            for (_, future), holds in zip(waiting, found, strict=True):
                if not future.done():
                    future.set_result(holds)

    async def _judge(self, where: str, events: list[Event]) -> list[bool | None]:
        judged = asyncio.get_running_loop().run_in_executor(self._pool, self._run, where, events)
        try:
            return await asyncio.wait_for(asyncio.shield(judged), self._limit_s)
        except TimeoutError:
            self._database.interrupt()  # or all that comes later would wait for it
            _LOG.warning("a survey's filter took longer than %g s: %.200s", self._limit_s, where)
        except duckdb.Error as error:
            _LOG.warning("a survey's filter failed: %.200s: %s", where, error)
        return [None] * len(events)

    def _run(self, where: str, events: list[Event]) -> list[bool | None]:
        found = self._expression(where)
        if found is None:
            return [None] * len(events)
        read = sorted({path[0] for path in found.fields} or {"event"})
        rows = ", ".join(f"{_COLUMNS.get(name, f'unnest($_{name}::VARCHAR[])')} AS {name}" for name in read)
        params = {f"_{name}": [getattr(one, name) for one in events] for name in read}
        sql = f"SELECT coalesce({found.sql}, false) FROM (SELECT {rows})"  # noqa: S608 - checked node by node
        return [bool(holds) for (holds,) in self._database.execute(sql, params | found.params).fetchall()]

    def _expression(self, where: str) -> Expression | None:
        if where not in self._known:
            try:
                self._known[where] = parse(where)
            except QuestionError as error:
                _LOG.warning("a survey's filter is wrong: %s", error)
                self._known[where] = None
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return self._known[where]
