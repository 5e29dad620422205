"""Which values of a key get a code of their own: counted by Spark, as the tape does it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from obverse.engine.spark.laying import Named
from obverse.engine.spark.recipe import Recipe
from obverse.tape.planning import Coded, Plan

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def named(plan: Plan, recipe: Recipe, events: DataFrame, texts: DataFrame) -> tuple[Named, ...]:
    """Find the most frequent values of each of a plan's keys.

    Args:
        plan: whose keys.
        recipe: what the rows hold.
        events: rows of events, all that count.
        texts: rows of texts: a key as ``unit``, its column's number as ``time``.

    Returns:
        One for each key; what comes to the driver is no more than the labels asked for.
    """
    from pyspark.sql import functions as fn

    tops = [
        _top(plan, key, recipe, events, texts).withColumn("number", fn.lit(number))
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


def _top(plan: Plan, key: Coded, recipe: Recipe, events: DataFrame, texts: DataFrame) -> DataFrame:
    """Give the most frequent values: how many events, the key, the text; of equals those of smaller keys."""
    from pyspark.sql import functions as fn

    at = recipe.columns.index(key.wanted)
    counted = events.select(
        fn.col(f"c{at}").alias("key"),
        _weight(plan, key, recipe).alias("n"),
        fn.lit(None).cast("string").alias("text"),
    ).where("n > 0")
    spelled = texts.where(fn.col("time") == at).select(
        fn.col("unit").alias("key"), fn.lit(0).alias("n"), "text"
    )
    values = counted.union(spelled).groupBy("key").agg(fn.sum("n").alias("n"), fn.max("text").alias("text"))
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
