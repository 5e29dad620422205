"""Which values of a key get a code of their own: counted by Spark, as the tape does it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from obverse.engine.spark.laying import Named
from obverse.engine.spark.recipe import Recipe
from obverse.tape.planning import Coded, Plan

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def named(plan: Plan, recipe: Recipe, rows: DataFrame) -> tuple[Named, ...]:
    """Find the most frequent values of each of a plan's keys.

    Args:
        plan: whose keys.
        recipe: what the rows hold.
        rows: those of events, all that count, and those of texts: a key as ``unit``, its column's number as
            ``time``.

    Returns:
        One for each key; what comes to the driver is no more than the labels asked for.
    """
    from pyspark.sql import functions as fn

    tops = [
        _top(plan, key, recipe, rows).withColumn("number", fn.lit(number))
        for number, key in enumerate(plan.keys)
        if _counts(key)
    ]
    found: dict[int, list[tuple[int, int, str | None]]] = {number: [] for number in range(len(plan.keys))}
    if tops:
        for row in reduce(lambda one, other: one.union(other), tops).collect():
            found[row.number].append((row.n, row.key, row.text))
    return tuple(_ordered(values) for values in found.values())


def _counts(key: Coded) -> bool:
    return bool(key.tracks) and key.named


def _ordered(values: list[tuple[int, int, str | None]]) -> Named:
    """Order labels as the tape does: by frequency, then the text, no value last."""
    values.sort(key=lambda value: (-value[0], value[2] is None, value[2] or ""))
    return Named(tuple(text for _, _, text in values), tuple(key for _, key, _ in values))


def _top(plan: Plan, key: Coded, recipe: Recipe, rows: DataFrame) -> DataFrame:
    """Give the most frequent values: how many events, the key, the text; of equals those of smaller keys.

    Events and texts are looked at in one pass: two would compute all rows twice, as neither waits for what
    the other keeps.
    """
    from pyspark.sql import functions as fn

    at = recipe.columns.index(key.wanted)
    is_event = fn.col("text").isNull()
    found = rows.where(is_event | (fn.col("time") == at)).select(
        fn.when(is_event, fn.col(f"c{at}")).otherwise(fn.col("unit")).alias("key"),
        fn.when(is_event, _weight(plan, key, recipe)).otherwise(0).alias("n"),
        "text",
    )
    counted = found.where("n > 0 OR text IS NOT NULL")
    values = counted.groupBy("key").agg(fn.sum("n").alias("n"), fn.max("text").alias("text"))
    return (
        values.where("n > 0")
        .orderBy(fn.desc("n"), fn.asc("key"))
        .limit(key.n_labels)
        .select("n", "key", "text")
    )


def _weight(plan: Plan, key: Coded, recipe: Recipe) -> Column:
    """Count in how many of the key's tracks an event is."""
    from pyspark.sql import functions as fn

    bits = [recipe.bit(plan, track) for track in key.tracks]
    each = [fn.shiftright("bits", bit).bitwiseAND(fn.lit(1)) for bit in bits]
    return reduce(lambda one, other: one + other, each)
