"""What the pipeline's commands (`python -m ecommerce.cli.check` and its like) have in common."""

from __future__ import annotations

import os


def see_connections_of_the_ui() -> None:
    """Let this process find what was entered in Airflow's UI, beside the environment and secrets backends.

    As Airflow's own `connections get` does. Tasks are given theirs by the API server.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
