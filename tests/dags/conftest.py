"""The DAG files, parsed once as the DAG processor does, without a metadata database."""

import os
import runpy

import pytest

from tests.recipes import REPOSITORY

DAG_FILES = sorted((REPOSITORY / "dags").glob("*.py"))


@pytest.fixture(scope="session", autouse=True)
def _airflow_home(tmp_path_factory):
    os.environ["AIRFLOW_HOME"] = str(tmp_path_factory.mktemp("airflow"))


def parsed(dag_id):
    """The DAG, as its file is parsed with the settings of this moment."""
    return runpy.run_path(str(REPOSITORY / "dags" / f"{dag_id}.py"))["dag"]


OWNER_LINK = "https://wiki.example.com/data-engineering"
MAILED_IN_A_LEASE = [
    ("daily_sales_pipeline", "mail.send"),
    ("daily_sales_pipeline", "mail.subscriptions"),
    ("weekly_report", "send"),
    ("monthly_report", "send"),
    ("report_watch", "periods_mailed"),
]
"""Tasks that claim a mail; `test_integrity.py` has their time."""


@pytest.fixture(scope="session")
def dag_bag(_airflow_home):
    from airflow.dag_processing.dagbag import DagBag

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OWNER_LINK", OWNER_LINK)
        return DagBag(dag_folder=REPOSITORY / "dags", safe_mode=False)
