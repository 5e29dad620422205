"""Which worker runs which tests: what they share, a server or the Spark cluster, is then started once."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


class OneCluster(LoadScopeScheduling):  # type: ignore[misc]
    """Hands tests out file by file, those on Spark together to one worker.

    (Marking them with `xdist_group` does not do it: xdist 3.8 cannot pass the group on to pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        """Name the piece that a test belongs to.

        >>> OneCluster._split_scope(None, "tests/measure/test_funnel.py::test_a_split[spark-2]")
        'spark'
        >>> OneCluster._split_scope(None, "tests/measure/test_funnel.py::test_a_split[local-2]")
        'tests/measure/test_funnel.py'
        """
        test, _, parameters = nodeid.removesuffix("]").partition("[")
        on_spark = "/test_spark.py::" in test or "spark" in parameters.split("-")
        return "spark" if on_spark else nodeid.partition("::")[0]
