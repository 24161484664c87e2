"""The DAG files, parsed once as the DAG processor does, without a metadata database."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((REPOSITORY / "dags").glob("*.py"))


@pytest.fixture(scope="session", autouse=True)
def _airflow_home(tmp_path_factory):
    os.environ["AIRFLOW_HOME"] = str(tmp_path_factory.mktemp("airflow"))


OWNER_LINK = "https://wiki.example.com/data-engineering"


@pytest.fixture(scope="session")
def dag_bag(_airflow_home):
    from airflow.dag_processing.dagbag import DagBag

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OWNER_LINK", OWNER_LINK)
        return DagBag(dag_folder=REPOSITORY / "dags", safe_mode=False)
