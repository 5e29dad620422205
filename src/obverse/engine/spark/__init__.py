"""The Spark engine: the same question over a cluster, on the same lake or on any table with mapped columns.

`lake.SparkLake` is the way in; `obverse.open(..., engine="spark")` opens it. Nothing outside of this
package imports pyspark, and this package does so only when it is used: it comes with the extra ``spark``.

A question goes this way. On the driver `recipe` turns the question's plan, made ready as the tape does it,
into what executors compute, and `source` gives the rows as a Spark DataFrame: of the lake's own Parquet
files (`lake_source`) or of a table (`table_source`). On the executors, each step one `mapInArrow`:

1. `narrowing` evaluates filters, keys and numbers with the tape's own SQL in DuckDB, batch by batch, and
   leaves narrow rows of the events that some selection wants: stream, time, seq, a bit for each selection,
   the values.
2. `owning` gives events without a user id their person, with the claims on their stream beside them.
3. Rows are shuffled to their person (`chunks` cuts them up again, all rows of a person in one piece), where
   `accounts` sends them on to their account if accounts are counted.
4. `laying` lays the rows of a chunk out as the tape does, segments and all, and `scanning` calls the
   measure's own scan on that. A partition leaves one summary; summaries are merged in stages.

What comes back to the driver is bounded by the question: counts by event name, labels (`labels`),
summaries, and pages of people.
"""
