"""Commands of the pipeline, as a user gives them who has nothing of Airflow in the environment."""

import os
import subprocess
import sys


def run_command(installation, *arguments, **environment):
    """Run `python -m ecommerce.cli` with the code of an installation."""
    known = {}
    for name, value in os.environ.items():
        if not name.startswith("AIRFLOW"):
            known[name] = value
    known["PYTHONPATH"] = str(installation / "plugins")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "ecommerce.cli",
            *arguments,
        ],
        cwd=installation,
        env=known | environment,
        capture_output=True,
        text=True,
    )
