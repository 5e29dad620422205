"""Ad-hoc SQL over the events, in Spark's dialect."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import sqlglot
from sqlglot import exp

from obverse.engine.spark.source import Source
from obverse.errors import QuestionError
from obverse.event import SCHEMA

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def run(session: SparkSession, source: Source, text: str) -> pa.Table:
    """Run a query over the view `events`.

    Raises:
        QuestionError: it is not one query, names another table, or Spark refuses it.
    """
    from pyspark.errors import AnalysisException, ParseException

    name = f"obverse_events_{secrets.token_hex(8)}"
    query = rewritten(text, name)
    fields = [field for field in SCHEMA.names if field != "day"]
    source.frame(fields).createOrReplaceTempView(name)
    try:
        return cast("pa.Table", session.sql(query).toArrow())
    except (AnalysisException, ParseException) as error:
        raise QuestionError(f"SQL: {error}") from error
    finally:
        session.catalog.dropTempView(name)


def rewritten(text: str, name: str) -> str:
    """Write a query with another name for the table `events`.

    Raises:
        QuestionError: it is not one query, or names another table.

    >>> rewritten("SELECT count(*) FROM events", "e1")
    'SELECT COUNT(*) FROM e1'
    """
    try:
        trees = sqlglot.parse(text, read="spark")
    except sqlglot.ParseError as error:
        raise QuestionError(f"SQL: {error}") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise QuestionError("SQL: write one query, SELECT …")
    own = {one.alias for one in trees[0].find_all(exp.CTE)}
    for table in trees[0].find_all(exp.Table):
        if table.sql(dialect="spark", comments=False).partition(" ")[0] in own:
            continue
        if table.name != "events" or table.db:
            raise QuestionError(f"SQL: {table.sql(dialect='spark')!r} is not there; events is the one table")
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier("events")))
        table.set("this", exp.to_identifier(name))
    return trees[0].sql(dialect="spark")
