"""The source policy: which sources a run can do without (Variable `source_policy`)."""

import fnmatch
import logging
from collections.abc import Container, Iterable
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ecommerce.core import errors
from ecommerce.core.connections import find_connection
from ecommerce.core.names import (
    GROUP_EXTRACT,
    POLICY_DELIVERIES,
    VARIABLE_SOURCE_POLICY,
)
from ecommerce.core.text import listed, plural
from ecommerce.core.values import Values
from ecommerce.sources import (
    EXCHANGE_RATES,
    PARTNER_FILES,
    SHOP_PLATFORMS,
    Source,
    check_names,
    configured_sources,
)
from ecommerce.storage.staging import Manifest

log = logging.getLogger(__name__)

Policy = Literal["required", "optional", "off"]
Policies = dict[str, Policy]
"""By source."""
REQUIRED: Policy = "required"
OPTIONAL: Policy = "optional"
OFF: Policy = "off"
NO_PARAMS: Values = {}
"""Of a run that has no form."""


def read_policies() -> Policies:
    """Return the policy of each source, from the Variable `source_policy`, whose keys are names, or patterns
    such as `shopify_*`. A source without one is required, or off where it is opt-in and has no connection.
    The key `partner_deliveries` is the policy of partners' files that are due, and may be absent.

    Raises:
        ConfigurationError: SHOPS is wrong, or the Variable is not a JSON object of known sources and
            `required`, `optional` or `off`.
    """
    return parse_source_policy(_text())


def unknown_shops() -> list[str]:
    """Return the names in the Variable of shops that SHOPS does not have: it no longer has them, or their
    names are misspelt. Raises as `read_policies`."""
    policies = read_policies()
    names = []
    for name in _configured(_text()):
        if _is_of_shops(name) and name not in policies and "*" not in name:
            names.append(name)
    return names


def _text() -> str:
    from airflow.sdk import Variable

    return Variable.get(VARIABLE_SOURCE_POLICY, default="{}")


def order_sources(policies: Policies) -> list[str]:
    """Return the sources of orders that are on."""
    return missing_sources(policies, {EXCHANGE_RATES.name})


def required_sources() -> list[str]:
    """Return the sources without which a day is not complete; raises as `read_policies`."""
    policies = read_policies()
    return [source for source in configured_sources() if policies[source] == REQUIRED]


def parse_source_policy(text: str) -> Policies:
    """Return the policy of each source, from the text of the Variable; errors as in `read_policies`."""
    configured = _configured(text)
    check_names()
    policies: Policies = {}
    for source in configured_sources().values():
        policies[source.name] = OFF if _lacks_connection(source) else REQUIRED
    for pattern, policy in configured.items():
        names = fnmatch.filter(policies, pattern)
        if not names and not _is_of_shops(pattern) and pattern != POLICY_DELIVERIES:
            raise _invalid(f"has {pattern}; the sources are {', '.join(policies)}")
        policies.update(dict.fromkeys(names, policy))
    # A name precedes the patterns.
    exact = configured.keys() & {POLICY_DELIVERIES, *policies}
    return policies | {name: configured[name] for name in exact}


def _configured(text: str) -> Policies:
    """Return the policies of the Variable's text, by name or pattern."""
    try:
        return TypeAdapter(Policies).validate_json(text or "{}")
    except ValidationError:
        raise _invalid(
            "is not a JSON object of sources with required, optional or off"
        ) from None


def _is_of_shops(name: str) -> bool:
    """Return whether a name or pattern may be of shops that SHOPS no longer has."""
    return name.startswith(tuple(f"{platform}_" for platform in SHOP_PLATFORMS))


def _lacks_connection(source: Source) -> bool:
    if source.shop or not source.platform.needs_connection:
        return False
    return find_connection(source.subject) is None


def _invalid(problem: str) -> errors.ConfigurationError:
    return errors.wrong_variable(
        VARIABLE_SOURCE_POLICY,
        problem,
        f'{{"{EXCHANGE_RATES.name}": "{OPTIONAL}"}}',
    )


def policies_of_run(params: Values) -> Policies:
    """Return the policies of the sources that a run reads, by its form; errors as in `read_policies`.

    A run of several days (`first_day`) needs every source that is on, because a month that lacks one would
    count as loaded; partners' files that are due may be missing. With `source`, it reads that one and the
    exchange rates.
    """
    policies = read_policies()
    if "first_day" not in params:
        return policies
    policies.pop(POLICY_DELIVERIES, None)
    needed: Policies = {}
    for name, policy in policies.items():
        if _is_read(name, params):
            needed[name] = OFF if policy == OFF else REQUIRED
    return needed


def _is_read(source: str, params: Values) -> bool:
    single_source = params.get("source")
    return single_source in (None, source) or source == EXCHANGE_RATES.name


def reason_to_skip(source: str, params: Values = NO_PARAMS) -> str:
    """Return why `source` is not extracted by a run with these params; empty where it is."""
    if not _is_read(source, params):
        return f"the run reads {params['source']} only"
    if read_policies()[source] != OFF:
        return ""
    known = configured_sources()[source]
    if _lacks_connection(known):
        return (
            f"{source} is off: to switch it on, define the connection {known.subject}"
        )
    return f"{source} is off in the Variable {VARIABLE_SOURCE_POLICY}"


def usable_manifests(
    policies: Policies,
    manifests: Iterable[Manifest],
) -> list[Manifest]:
    """Return the manifests with which a run continues after its extracts, or its transforms, in the order of
    the sources.

    Raises:
        PipelineError: a required source left none, or there is no source of orders to load.
    """
    by_source = {manifest.source: manifest for manifest in manifests}
    missing = missing_sources(policies, by_source)
    required = [source for source in missing if policies[source] == REQUIRED]
    if required:
        raise errors.AlertedError(
            f"no data from {listed(required)}, which {plural(len(required), 'is', 'are')} required: "
            "nothing was loaded; fix the error of the extract or transform, then make repair DAY=<day> (make "
            "run in a terminal), or make the source optional (Variable source_policy) and clear this task"
        )
    partner_files = by_source.get(PARTNER_FILES.name)
    if partner_files and policies.get(POLICY_DELIVERIES) == REQUIRED:
        due = partner_files.control_totals.get("missing_deliveries")
        if due:
            raise errors.PipelineError(
                f"no usable file of {', '.join(due)}, and partner deliveries are required (Variable "
                "source_policy): nothing was loaded; when the file has arrived, clear "
                f"{GROUP_EXTRACT}.{PARTNER_FILES.name} with downstream"
            )
    if not by_source.keys() - {EXCHANGE_RATES.name}:
        raise errors.PipelineError(
            "no source of orders to load: each is off or failed (Variable source_policy); nothing was "
            "loaded, because the report would show a day without sales"
        )
    if missing:
        log.warning(
            "continuing without %s: the report will be marked incomplete",
            listed(missing),
        )
    return [by_source[source] for source in configured_sources() if source in by_source]


def missing_sources(
    policies: Policies,
    present: Container[str],
) -> list[str]:
    """Return the sources that are not `present`, without those that are off or that the run does not read."""
    return [
        source
        for source in configured_sources()
        if policies.get(source, OFF) != OFF and source not in present
    ]
