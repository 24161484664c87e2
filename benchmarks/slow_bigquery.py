"""The demo's BigQuery emulator, whose jobs take as long as small ones take in BigQuery; `benchmarks.workers`
runs it on the emulator's Python."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "demo" / "services"))

import emulator_process
from bqemulator.api.routes import jobs, upload

SECONDS = 1.0


def slow(build: Any) -> Any:
    """Return `build`, which describes a job in a response, but let a job of less than a second run still."""

    def response(
        project_id: str,
        job_id: str,
        job: Any,
        configuration: Any,
    ) -> Any:
        description = build(
            project_id,
            job_id,
            job,
            configuration,
        )
        if (datetime.now(UTC) - job.creation_time).total_seconds() < SECONDS:
            description["status"] = {"state": "RUNNING"}
        return description

    return response


if __name__ == "__main__":
    for module in (jobs, upload):
        module._build_job_response = slow(module._build_job_response)
    emulator_process.main(prog_name="bqemulator")
