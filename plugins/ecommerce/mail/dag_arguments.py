"""What the DAGs have in common: default arguments of tasks, and the form for a business day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

from ecommerce.mail.alerts import failure_notifier
from ecommerce.sales.source_policy import NETWORK_RETRIES

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "data-engineering",
    "retries": 1,
    "retry_delay": timedelta(minutes=5),
    "retry_policy": NETWORK_RETRIES["retry_policy"],  # no waiting where trying again cannot help
    "on_failure_callback": failure_notifier(),
}

DAY_PARAMS = {
    "business_date": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Business date",
        description="The shop's day to run, when the run has no partition key. Empty: yesterday.",
    ),
    "send_mail": Param(
        False,
        type="boolean",
        title="Mail the report",
        description="Mail it even when the day is not the newest closed one.",
    ),
}
