"""A sweep on a Dask cluster: a scheduler and a worker in this process give the rows that this machine gives."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.scenario.sweep_pool import rows_of
from tests.unit.scenario.sweeps import grid

distributed = pytest.importorskip("distributed", reason="Dask is missing (pip install 'mikey_sdp[dask]')")

SWEEP = grid("parties.alice.offers=psk,rsa", seeds=2)


def test_a_cluster_gives_the_same_rows() -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        assert list(rows_of(SWEEP, dask=cluster.scheduler_address)) == list(rows_of(SWEEP, jobs=1))


def test_where_no_scheduler_answers_the_user_is_told() -> None:
    with pytest.raises(UsageError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        list(rows_of(SWEEP, dask="tcp://127.0.0.1:1"))
