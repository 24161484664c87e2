"""What the tests of whole days share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo.services.emulator import Emulator
from demo.services.postgres import Postgres
from tests.integration.airflow_process import AirflowHome, copy, migrate
from tests.integration.company import Company, company

StartCompany = Callable[..., Company]


@pytest.fixture
def start_company(
    tmp_path: Path, postgres_server: Postgres, bigquery_emulator: Emulator
) -> Iterator[StartCompany]:
    """Start a company (arguments as `company`); this process then is the pipeline's environment."""
    with _starter(tmp_path, postgres_server, bigquery_emulator) as start:
        yield start


@pytest.fixture(scope="module")
def start_shared_company(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres, bigquery_emulator: Emulator
) -> Iterator[StartCompany]:
    """As `start_company`, for a company that all tests of a module look at."""
    folder = tmp_path_factory.mktemp("shared")
    with _starter(folder, postgres_server, bigquery_emulator) as start:
        yield start


@contextmanager
def _starter(folder: Path, server: Postgres, emulator: Emulator) -> Iterator[StartCompany]:
    with ExitStack() as running, pytest.MonkeyPatch.context() as environment:

        def start(**arguments: Any) -> Company:
            started = running.enter_context(company(folder / "company", server, emulator, **arguments))
            for name, value in started.environment.items():
                environment.setenv(name, value)
            return started

        yield start


@pytest.fixture(scope="session")
def migrated_airflow(tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    """An Airflow home with an empty metadata database, to be copied."""
    return migrate(tmp_path_factory.mktemp("airflow") / "home")


@pytest.fixture
def start_airflow(
    tmp_path: Path, migrated_airflow: AirflowHome
) -> Callable[[Mapping[str, str]], AirflowHome]:
    """A fresh Airflow whose DAGs run in the given environment."""
    return lambda environment: copy(migrated_airflow, tmp_path / "airflow", environment)
