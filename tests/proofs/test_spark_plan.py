"""What a question costs on a cluster, as Spark's own counters have it, beside what is counted in process."""

from __future__ import annotations

from pathlib import Path

import pytest

import obverse
from bench import spark_plan
from tests.engine.clusters import cluster
from tests.engine.metering import metered

pytestmark = [pytest.mark.proof, pytest.mark.spark]

SIZES = (250_000, 1_000_000)
WITHOUT_SPLIT = "funnel of 4 events of 9"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("claimed", [False, True], ids=["all known", "40 % anonymous"])
def test_spark_shuffles_and_reads_what_the_plan_says_and_returns_no_more_for_more_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claimed: bool
) -> None:
    monkeypatch.setattr(spark_plan, "DATA", tmp_path / "lakes")
    scratch = tmp_path / "cluster"
    scratch.mkdir()
    # Bytes that are read ahead in other threads are missing in Spark's counters.
    settings = {"spark.hadoop.parquet.hadoop.vectored.io.enabled": "false"}
    returned: dict[str, list[int]] = {}
    with cluster(scratch, **settings) as session:
        for size in SIZES:
            folder = spark_plan.lake(size, claimed)
            with obverse.open(folder, engine="spark", session=session) as lake:
                lake.names()  # what is counted once for all questions
                for name, question in spark_plan.questions().items():
                    with metered(session) as meter:
                        lake.ask(question)
                    expected = spark_plan.cost(name, question, folder, claimed)
                    assert meter.sum("shuffleWriteBytes") == pytest.approx(expected.shuffled, rel=0.05)
                    returned.setdefault(name, []).append(meter.sum("resultSize"))
                    if name == WITHOUT_SPLIT and not claimed:  # others read rows again that Spark kept
                        assert meter.sum("inputBytes") == pytest.approx(expected.read, rel=0.1)
    for few, many in returned.values():
        assert many < 1.5 * few  # of four times as many events: some more tasks, each with a word to say
