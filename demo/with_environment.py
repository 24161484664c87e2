"""`python -m demo.with_environment MODULE [ARGUMENT …]`: run a module as the pipeline's own tasks would run.

With a `.env` beside the Makefile its settings and connections apply, else those of the demo company. What is
set in the environment already wins over both.
"""

from __future__ import annotations

import os
import subprocess
import sys

from dotenv import dotenv_values

from demo.environment import environment
from demo.layout import REPOSITORY, Folders, Ports


def settings() -> dict[str, str]:
    """What the module's process is given beside its own environment."""
    code = {f"AIRFLOW__CORE__{name.upper()}_FOLDER": str(REPOSITORY / name) for name in ("dags", "plugins")}
    env_file = REPOSITORY / ".env"
    if env_file.exists():
        given = dotenv_values(env_file, interpolate=False)
        return code | {name: value for name, value in given.items() if value}
    folders = Folders.chosen()
    home = {"AIRFLOW_HOME": str(folders.home / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    return environment(Ports.chosen(), folders) | code | home


if __name__ == "__main__":
    command = [sys.executable, "-m", *sys.argv[1:]]
    sys.exit(subprocess.run(command, env=settings() | os.environ, check=False).returncode)
