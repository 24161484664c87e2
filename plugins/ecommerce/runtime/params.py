"""Params that several DAGs share."""

from __future__ import annotations

from airflow.sdk import Param

BUSINESS_DATE = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Business date",
    description="The shop's day to run, when the run has no partition key. Empty: yesterday.",
)
