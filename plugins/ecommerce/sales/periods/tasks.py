"""The tasks of `weekly_report` and `monthly_report`, and the one of `report_watch` for both."""

from typing import Any

from ecommerce.core.periods import PeriodKind
from ecommerce.runtime.run_context import (
    business_day,
    period_of_context,
    run_of,
    skip_if,
)
from ecommerce.runtime.typed_task import network_task
from ecommerce.sales.periods import steps
from ecommerce.sales.subscribed import delivery
from ecommerce.sales.tasks import MAIL_TIMEOUT, mail_request
from ecommerce.warehouse.assets import DAILY_SALES

BY_HAND = "manual"
"""The type of a run that was started by hand."""


@network_task(inlets=[DAILY_SALES])
def report(kind: PeriodKind, **context: Any) -> list[str]:
    """Build and archive the reports of the run's period; return the URIs of their folders, the whole shop's
    first. Skipped for an old period, unless the run was started by hand."""
    period = period_of_context(kind, context)
    if context["dag_run"].run_type != BY_HAND:
        skip_if(steps.reason_not_to_build(period))
    return steps.build(period, run_of(context), context["params"]["subscription"])


@network_task(execution_timeout=MAIL_TIMEOUT)
def send(kind: PeriodKind, uris: list[str], **context: Any) -> None:
    """Mail the reports to their subscriptions; skipped unless they are due or were requested by the param."""
    period = period_of_context(kind, context)
    with mail_request(context) as is_requested:
        if context["dag_run"].run_type == BY_HAND and not is_requested:
            skip_if(
                "a run that was started by hand mails on request only: see send_mail"
            )
        skip_if(steps.reason_not_to_mail(period, send_mail=is_requested))
        delivery.deliver_period(
            period,
            steps.read_reports(uris),
            run_of(context),
            send_mail=is_requested,
            only_name=context["params"]["subscription"],
        )


@network_task(execution_timeout=MAIL_TIMEOUT)
def periods_mailed(**context: Any) -> None:
    """On the morning after a week or a month, mail its report where it has not been mailed; skipped on other
    days, and where no subscription has one."""
    skip_if(steps.mail_late(business_day(context), run_of(context)))
