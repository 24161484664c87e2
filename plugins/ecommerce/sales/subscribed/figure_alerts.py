"""Alerts when a figure of a complete day is below a line.

Each evaluated day of an alert is a row of the delivery log, whose hash is `below`, `above` or `unknown`. A
message is sent when the newest evaluated day before was not below the line. A day that is not complete, or
has nothing to compare with, is claimed as `unknown` and evaluated by the runs of the next two days; then one
message reports that it cannot be evaluated.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from operator import itemgetter

from ecommerce.core import text
from ecommerce.core.airflow_urls import page_url
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.periods import period_of
from ecommerce.core.templates import render_rows
from ecommerce.core.values import Row
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery_log
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.reader import read_figures
from ecommerce.sales.report.texts.base import CATEGORY, CHANNEL, COUNTRY
from ecommerce.sales.slices import Slice
from ecommerce.sales.subscribed import sending
from ecommerce.sales.subscribed.day_figures import AlertDay
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscribed.sending import Composed, Outgoing, send_once
from ecommerce.sales.subscriptions import Subscription
from ecommerce.storage.report_archive import Provenance
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import connect

BELOW, ABOVE, UNKNOWN = "below", "above", "unknown"
PATIENCE = timedelta(days=2)
"""After these, a day that cannot be evaluated is reported."""
LINES = {
    "forecast": "the forecast",
    "last_week": "the same weekday of last week",
    "weekday_average": "the average of the weekday",
    "target": "the target to date",
}


def send_alerts(
    day: BusinessDay,
    alerts: Sequence[Subscription],
    run: DagRun,
    failures: Failures,
) -> list[str]:
    """Evaluate `alerts` of a day, and of earlier ones that could not be evaluated, and send the messages;
    return a sentence about each. Those that fail are kept in `failures`. Raise PipelineError if the warehouse
    is unavailable."""
    if not alerts:
        return []
    warehouse = connect(dag=run.dag_id, step="alerts")
    origin = Provenance.of(run, day.timezone)
    slices = [alert.only for alert in alerts]

    @cache
    def read(any_day: date) -> dict[Slice, PeriodFigures]:
        return read_figures(warehouse, period_of("day", any_day), slices, origin)

    @cache
    def targets(any_day: date) -> list[Row]:
        return warehouse.query("report/daily_sales/targets.sql", report_day=any_day)

    # A day that is claimed and not evaluated has no state.
    states = defaultdict(dict, {day.date: {alert.name: "" for alert in alerts}})
    for row in delivery_log.alerts_until(day.date):
        states_of_day = states[row["business_date"]]
        states_of_day.setdefault(row["subscription"], "")
        if row["state"] == "sent":
            states_of_day[row["subscription"]] = row["figures_hash"]
    sentences = []
    before: dict[str, list[str]] = defaultdict(list)
    for open_day, states_of_day in sorted(states.items()):
        is_last = day.date - open_day >= PATIENCE
        evaluations = []
        for alert in alerts:
            if states_of_day.get(alert.name) == "":
                alert_day = AlertDay(alert, open_day, read, targets)
                evaluation = evaluate(alert_day, before[alert.name], is_last=is_last)
                evaluations.append(evaluation)
                sentences.append(
                    f"{alert.name}: {open_day} is {evaluation.figures_hash}"
                )
        # Another run may have evaluated the day since the log was read.
        states_of_day.update(
            send_once(open_day, evaluations, run, failures, only_first=True)
        )
        for name, state in states_of_day.items():
            if state:
                before[name].append(state)
    return sentences


def evaluate(
    alert_day: AlertDay,
    before: list[str],
    *,
    is_last: bool,
) -> Outgoing:
    """Return how the figure of an alert compares with its line, and the message, if one is sent. `before`:
    the states of earlier days, in order; `is_last`: no later run evaluates the day again."""
    alert = alert_day.alert
    figures = alert_day.figures()
    value, base = alert_day.compared()
    line = None
    state = UNKNOWN
    if base is not None and not figures.unfinished:
        line = base * (100 - (alert.below.percent or 0)) / 100
        is_below = base > 0 and value < line and alert_day.has_orders()
        state = BELOW if is_below else ABOVE
        is_last = True
        # Days that could not be evaluated end no crossing.
        before = [earlier for earlier in before if earlier != UNKNOWN]
    message = None
    if is_last and state != ABOVE and before[-1:] != [state]:
        message = partial(compose, alert, figures, value, base, line)
    stem = f"alert.{alert_day.day}.{alert.name}.{state}"
    return Outgoing(
        state,
        sending.message_id(alert, stem),
        datetime.now(UTC),
        alert.name,
        to=alert,
        compose=message,
        is_final=is_last,
    )


def compose(
    alert: Subscription,
    figures: PeriodFigures,
    value: Decimal,
    base: Decimal | None,
    line: Decimal | None,
) -> Composed:
    """Return the message about the `value` of a day. `base` is what the line refers to; None where it, or the
    line, is not known."""
    url = ""
    if alert.only.is_whole:
        # The page shows the whole shop: the slice of a day has none.
        url = page_url(f"{figures.first}/")
    with text.in_locale(alert.locale):
        texts = {
            "alert": alert,
            "figures": figures,
            "value": value,
            "base": base,
            "line": line,
            "meaning": HEADLINE[str(alert.alert)],
            "falls": _falls(figures),
            "day": text.short_day(figures.first),
            "is_complete": not figures.unfinished,
            "reference": LINES.get(str(alert.below.of), ""),
            "subscription": alert.name,
            "page_url": url,
        }
        [subject], *facts = render_rows("tables/figure_alert.txt", texts)
        texts["facts"] = facts
        message = mail.compose(subject, "figure_alert_mail", texts)
    words, _ = message.iter_parts()
    return message, words.get_content().strip(), None


def _falls(figures: PeriodFigures) -> list[tuple[Decimal, str]]:
    """Return change and name of the part of the sales that fell most since the week before; none where it is
    the only one of its dimension."""
    falls = []
    for dimension in (CATEGORY, COUNTRY, CHANNEL):
        rows = dimension.rows(figures)
        if len(rows) > 1:
            falls += [(row.change, dimension.label(row.name)) for row in rows]
    return [fall for fall in sorted(falls, key=itemgetter(0))[:1] if fall[0] < 0]
