"""Airflow in a process of its own, with a metadata database of its own, as `airflow dags test` runs a DAG."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
AIRFLOW = Path(sys.executable).with_name("airflow")


@dataclass(frozen=True)
class AirflowHome:
    """A migrated Airflow below `folder`, and the environment its processes get beside this process's own."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def database(self) -> Path:
        """The metadata database, SQLite."""
        return self.folder / "airflow.db"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin `airflow <arguments>`; everything it prints goes to `output`."""
        with self.output.open("a") as output:
            return subprocess.Popen(
                [str(AIRFLOW), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                env=os.environ | self.own() | dict(self.environment),
                cwd=REPOSITORY,
                start_new_session=True,
            )

    def test_dag(self, dag_id: str, **conf: Any) -> int:
        """Run the DAG to its end in one process; the exit code, 0 when it succeeded."""
        return self.start("dags", "test", dag_id, "-c", json.dumps(conf)).wait(300)

    @property
    def output(self) -> Path:
        """What its processes printed, logs of the tasks included."""
        return self.folder / "output.log"

    def log(self) -> str:
        """The text of `output`."""
        return self.output.read_text() if self.output.exists() else ""

    def own(self) -> dict[str, str]:
        """What makes its processes find it, beside `environment`."""
        return {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "PYTHONFAULTHANDLER": "1",
        }


def migrate(folder: Path) -> AirflowHome:
    """Make the metadata database; it takes some seconds, so tests copy one."""
    folder.mkdir(parents=True)
    home = AirflowHome(folder, {})
    if home.start("db", "migrate").wait(120):
        raise RuntimeError(home.log()[-3000:])
    home.output.unlink()
    return home


def copy(home: AirflowHome, folder: Path, environment: Mapping[str, str]) -> AirflowHome:
    """A fresh Airflow in `folder`, whose DAGs run in `environment`."""
    shutil.copytree(home.folder, folder)
    return AirflowHome(folder, environment)
