"""The source policy: which sources a run can do without (Variable `source_policy`)."""

from __future__ import annotations

import json
import logging
from collections.abc import Container, Mapping
from typing import Any

from ecommerce.core import errors
from ecommerce.core.names import POLICY_DELIVERIES, VARIABLE_SOURCE_POLICY
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES, SOURCES

log = logging.getLogger(__name__)

REQUIRED, OPTIONAL, OFF = "required", "optional", "off"


def source_policy() -> dict[str, str]:
    """How much each source matters, from the Variable `source_policy`; a missing key means required. The key
    `partner_deliveries`, where given, says how much a partner's file does that is due and missing.

    Raises:
        ConfigurationError: not a JSON object of known sources and `required`, `optional` or `off`.
    """
    from airflow.sdk import Variable

    return parse_source_policy(Variable.get(VARIABLE_SOURCE_POLICY, default="{}"))


def parse_source_policy(text: str) -> dict[str, str]:
    """As `source_policy`, from the variable's text."""
    try:
        given = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise _wrong(f"is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise _wrong("is not a JSON object")
    for source, policy in given.items():
        if source not in (*SOURCES, POLICY_DELIVERIES):
            raise _wrong(f"names {source!r}; the sources are {', '.join(SOURCES)}")
        allowed = [REQUIRED, OPTIONAL, OFF][: 2 if source == POLICY_DELIVERIES else 3]
        if policy not in allowed:
            raise _wrong(f"has {policy!r} for {source}; allowed are {', '.join(allowed)}")
    return {source: given.get(source, REQUIRED) for source in SOURCES} | {
        name: policy for name, policy in given.items() if name == POLICY_DELIVERIES
    }


def _wrong(problem: str) -> errors.ConfigurationError:
    return errors.wrong_variable(VARIABLE_SOURCE_POLICY, problem, '{"storefront": "optional"}')


def reason_to_skip(source: str) -> str:
    """Why the extract of `source` has nothing to do; empty where it has."""
    is_off = source_policy()[source] == OFF
    return f"{source} is off in the Variable {VARIABLE_SOURCE_POLICY}" if is_off else ""


def detour(source: str) -> str:
    """What to set the Variable to, as JSON, for runs to go on without `source`; empty where they do already.

    Raises:
        ConfigurationError: as `source_policy`.
    """
    policies = source_policy()
    if policies[source] != REQUIRED:
        return ""
    kept = {name: each for name, each in policies.items() if each != REQUIRED or name == POLICY_DELIVERIES}
    return json.dumps(kept | {source: OPTIONAL})


def go_on_with(
    policies: Mapping[str, str], manifests: Mapping[str, dict[str, Any]], skipped: Container[str] = ()
) -> list[dict[str, Any]]:
    """The manifests a run goes on with after its extracts.

    Args:
        policies: what `source_policy` returned.
        manifests: what the successful extracts left, by source.
        skipped: the sources whose extracts had nothing to do.

    Raises:
        PipelineError: a required source failed or was off until now, or no source of orders is left.
    """
    missing = missing_sources(policies, manifests)
    fatal = [source for source in missing if policies[source] == REQUIRED]
    if late := [source for source in fatal if source in skipped]:  # no failed extract has sent a mail
        raise errors.PipelineError(
            f"{' and '.join(late)} {'was' if len(late) == 1 else 'were'} off when the run began, and "
            f"{'is' if len(late) == 1 else 'are'} required now (Variable source_policy): nothing was loaded; "
            "make repair DAY=<day>"
        )
    if fatal:
        raise errors.AlertedError(
            f"{' and '.join(fatal)} failed and {'is' if len(fatal) == 1 else 'are'} required: nothing was "
            "loaded; fix what the error names, then make repair DAY=<day> (make run in a terminal), or "
            "make the source optional (Variable source_policy) and clear this task"
        )
    due = manifests.get(PARTNER_FILES, {}).get("control_totals", {}).get("missing_deliveries")
    if due and policies.get(POLICY_DELIVERIES) == REQUIRED:
        raise errors.PipelineError(
            f"no usable file of {', '.join(due)}, and partner deliveries are required (Variable "
            "source_policy): nothing was loaded; when the file is there, clear extract.partner_files with "
            "downstream"
        )
    if not manifests.keys() - {EXCHANGE_RATES}:
        raise errors.PipelineError(
            "no source of orders to load: each is off or failed (Variable source_policy); nothing was "
            "loaded, because the report would show a day without sales"
        )
    if missing:
        log.warning("going on without %s: the report will be marked incomplete", " and ".join(missing))
    return [manifests[source] for source in SOURCES if source in manifests]


def missing_sources(policies: Mapping[str, str], present: Container[str]) -> list[str]:
    """The sources that should be there and are not; one that is off is not missing."""
    return [source for source in SOURCES if source not in present and policies[source] != OFF]
