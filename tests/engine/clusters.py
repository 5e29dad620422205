"""A Spark cluster of this machine: a driver and two executors in processes of their own, on 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyspark
from pyspark import SparkContext
from pyspark.sql import SparkSession

from obverse.engine.spark.session import provide_java

ROOT = Path(__file__).parents[2]
SPARK = Path(pyspark.__file__).parent
QUIET = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d %p %c: %m%n
"""

_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

SETTINGS = {
    "spark.driver.extraJavaOptions": _SHORT_LIVED,
    "spark.executor.extraJavaOptions": _SHORT_LIVED,
    "spark.sql.codegen.wholeStage": "false",  # to compile a plan takes longer than to run it on so few rows
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.session.timeZone": "Asia/Kolkata",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
}


@contextmanager
def cluster(scratch: Path, **settings: str) -> Iterator[SparkSession]:
    """Run a cluster whose files are all in `scratch`; it ends with the block."""
    home, conf, local = scratch / "home", scratch / "conf", scratch / "local"
    for folder in (home, conf, local):
        folder.mkdir()
    for part in SPARK.iterdir():  # executors write beside it, into `work`
        (home / part.name).symlink_to(part)
    (conf / "log4j2.properties").write_text(QUIET)
    before = dict(os.environ)
    provide_java()
    os.environ |= {
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
    }
    session = _session({**SETTINGS, "spark.local.dir": str(local), **settings})
    try:
        yield session
    finally:
        _stop(session)
        os.environ.clear()
        os.environ |= before
        shutil.rmtree(scratch, ignore_errors=True)


def _stop(session: SparkSession) -> None:
    """Stop the cluster and its Java, so that another may be started."""
    gateway: Any = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=60)
    SparkContext._gateway = SparkContext._jvm = None


def _session(settings: dict[str, str]) -> SparkSession:
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
