"""What the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.exporter import Exporter, exporter


@pytest.fixture(scope="module")
def server() -> Iterator[Exporter]:
    """A running exporter."""
    with exporter() as started:
        yield started


@pytest.fixture
def sending(server: Exporter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporter]:
    """This process sends its metrics to the exporter, set up from Airflow's configuration as a task is."""
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    for name, value in server.airflow_environment.items():
        monkeypatch.setenv(name, value)
    stats.initialize(factory=get_stats_factory(), export_legacy_names=False)
    yield server
    monkeypatch.undo()
    stats.initialize(factory=get_stats_factory(), export_legacy_names=False)
