"""Failure policies: which errors are tried again, and which sources a run can do without."""

from __future__ import annotations

import json
import logging
from collections.abc import Container, Iterable, Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from ecommerce.core import errors
from ecommerce.core.settings import SOURCES

log = logging.getLogger(__name__)

NETWORK_RETRIES: dict[str, Any] = {
    "retries": 5,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                [errors.CredentialsError, errors.ConfigurationError],
                RetryAction.FAIL,
                reason="trying again cannot help: somebody has to change a setting or a permission",
            ),
            RetryRule(
                [errors.ContractError, errors.CheckFailed],
                RetryAction.FAIL,
                reason="trying again cannot help: the data are not what was agreed",
            ),
            RetryRule(
                [AttributeError, ImportError, NameError, TypeError],
                RetryAction.FAIL,
                reason="trying again cannot help: this is a mistake in the code",
            ),
            RetryRule(
                errors.RateLimitedError,
                RetryAction.RETRY,
                retry_delay=timedelta(minutes=2),
                reason="the other side asked us to slow down",
            ),
            RetryRule(
                [errors.TransientError, ConnectionError, TimeoutError],
                RetryAction.RETRY,
                reason="the other side is unwell: trying again with growing pauses",
            ),
        ]
    ),
}
"""Arguments of every task that talks to the network. A policy can only stop early or set the pause, so
the number of retries is the most a task may need."""

GATE_RETRIES: dict[str, Any] = {
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                errors.PipelineError,
                RetryAction.FAIL,
                reason="trying again cannot help: the extracts have ended, and what they left stays the same",
            )
        ]
    )
}
"""Arguments of the task behind the extracts: its verdict is final, only a lost worker is worth a retry."""

REQUIRED, OPTIONAL, OFF = "required", "optional", "off"


def source_policy() -> dict[str, str]:
    """How much each source matters, from the Variable `source_policy`; a missing key means required.

    Raises:
        ConfigurationError: not a JSON object of known sources and `required`, `optional` or `off`.
    """
    from airflow.sdk import Variable

    return parse_source_policy(Variable.get("source_policy", default="{}"))


def parse_source_policy(text: str) -> dict[str, str]:
    """As `source_policy`, from the variable's text."""
    try:
        given = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise errors.ConfigurationError(f"the Variable source_policy is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise errors.ConfigurationError('the Variable source_policy must be like {"storefront": "optional"}')
    for source, policy in given.items():
        if source not in SOURCES:
            raise errors.ConfigurationError(
                f"the Variable source_policy names {source!r}; the sources are {', '.join(SOURCES)}"
            )
        if policy not in (REQUIRED, OPTIONAL, OFF):
            raise errors.ConfigurationError(
                f"the Variable source_policy says {policy!r} for {source}; "
                "allowed are required, optional, off"
            )
    return {source: given.get(source, REQUIRED) for source in SOURCES}


def skip_if_off(source: str) -> None:
    """Skip the running task when its source is switched off.

    Raises:
        AirflowSkipException: the policy of `source` is `off`.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    if source_policy()[source] == OFF:
        raise AirflowSkipException(f"{source} is off in the Variable source_policy")


def ready_sources(context: Mapping[str, Any], group: str = "extract") -> list[dict[str, Any]]:
    """The manifests a run goes on with after its extracts, whatever became of them.

    Args:
        context: Airflow's task context of the task that follows the extracts.
        group: the task group that holds one task per source, named like the source.

    Raises:
        PipelineError: a required source failed, or no source is left.
    """
    ti, run = context["ti"], context["dag_run"]
    task_ids = {source: f"{group}.{source}" for source in SOURCES}
    states = ti.get_task_states(dag_id=run.dag_id, task_ids=list(task_ids.values()), run_ids=[run.run_id])
    succeeded = [
        source for source in SOURCES if states.get(run.run_id, {}).get(task_ids[source]) == "success"
    ]
    manifests = {source: ti.xcom_pull(task_ids=task_ids[source]) for source in succeeded}
    return go_on_with(source_policy(), {source: left for source, left in manifests.items() if left})


def go_on_with(policies: Mapping[str, str], manifests: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The rule behind `ready_sources`: `manifests` holds what the successful extracts left, by source."""
    missing = missing_sources(policies, manifests)
    fatal = [source for source in missing if policies[source] == REQUIRED]
    if fatal:
        raise errors.PipelineError(
            f"{_names(fatal)} failed and {'is' if len(fatal) == 1 else 'are'} required: nothing was loaded; "
            "see that task's log, or make the source optional (Variable source_policy) and clear this task"
        )
    if not manifests:
        raise errors.PipelineError("no source to load: each is off or failed (Variable source_policy)")
    if missing:
        log.warning("going on without %s: the report will be marked incomplete", _names(missing))
    return [manifests[source] for source in SOURCES if source in manifests]


def missing_sources(policies: Mapping[str, str], present: Container[str]) -> list[str]:
    """The sources that should be there and are not; one that is off is not missing."""
    return [source for source in SOURCES if source not in present and policies[source] != OFF]


def _names(sources: Iterable[str]) -> str:
    return " and ".join(sources)
