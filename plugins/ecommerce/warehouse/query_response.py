"""The response of BigQuery's `jobs.query`, which its client keeps private."""

from typing import Any


def note_end(job: Any) -> None:
    """Note in a query job that it has ended, and the bytes it billed, where the response of `jobs.query` has
    both. The client itself would request the job's state, which takes as long as a small query."""
    response = getattr(job, "_query_results", None)
    if response is None or response.errors:
        return
    billed = response._properties.get("totalBytesBilled")
    if billed is not None:
        job._properties["statistics"]["query"]["totalBytesBilled"] = billed
        job._properties["status"]["state"] = "DONE"
