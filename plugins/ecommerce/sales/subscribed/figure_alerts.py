"""Alerts when a figure of a complete day is below a line.

Each evaluated day of an alert is a row of the delivery log, whose hash is `below`, `above` or `unknown`. A
message is sent when the newest evaluated day before was not below the line. A day that is not complete, or
has nothing to compare with, is claimed as `unknown` and evaluated by the runs of the next two days; then one
message reports that it cannot be evaluated.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.airflow_urls import page_url
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.values import Row, Values
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery_log, terms
from ecommerce.sales.delivery_log import Mail
from ecommerce.sales.subscribed import sending
from ecommerce.sales.subscribed.day_figures import Comparison, DayFigures
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscribed.sending import send_once
from ecommerce.sales.subscriptions import Subscription, load_subscriptions
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


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A day of an alert. `line`: what the figure is compared with, None where that is not known. `is_final`:
    no later run evaluates the day again; `is_message`: a message is sent."""

    figures: DayFigures
    alert: Subscription
    state: str
    compared: Comparison
    line: Decimal | None
    is_final: bool = True
    is_message: bool = False

    @property
    def mail(self) -> Mail:
        """What is claimed."""
        name = self.alert.name
        stem = f"alert.{self.figures.day}.{name}.{self.state}"
        message_id = sending.message_id(self.alert, stem)
        return Mail(self.state, message_id, datetime.now(UTC), name)

    def send(self, message_id: str) -> bool:
        """Send the message, if there is one."""
        if self.is_message:
            with text.in_locale(self.alert.locale):
                texts = alert_texts(self)
                message = mail.compose(texts["subject"], "figure_alert_mail", texts)
            message["Message-ID"] = message_id
            words, _ = message.iter_parts()
            sending.send(self.alert, message, words.get_content().strip())
        return self.is_final


@dataclass
class Alerts:
    """The rows of alerts in the delivery log by subscription, and the `day` of the run."""

    day: date
    rows: Mapping[str, list[Row]]

    def open_days(self, name: str) -> list[date]:
        """Return the days to evaluate, in order: that of the run, and those that earlier ones could not."""
        days = {self.day}
        evaluated = set()
        for row in self.rows[name]:
            days.add(row["business_date"])
            if row["state"] == "sent":
                evaluated.add(row["business_date"])
        return sorted(days - evaluated)

    def state_before(self, name: str, day: date, *states: str) -> str:
        """Return which of `states` the newest evaluated day before `day` has; empty without one."""
        found = {}
        for row in self.rows[name]:
            is_evaluated = row["state"] == "sent" and row["figures_hash"] in states
            if is_evaluated and row["business_date"] < day:
                found[row["business_date"]] = row["figures_hash"]
        return str(found[max(found)]) if found else ""

    def evaluate(self, alert: Subscription, figures: DayFigures) -> Evaluation:
        """Return how the figure of an alert compares with its line."""
        compared = figures.compare(alert)
        line = line_of(alert, compared)
        if compared.base is None or line is None or not figures.is_complete(alert):
            before = self.state_before(alert.name, figures.day, BELOW, ABOVE, UNKNOWN)
            is_final = self.day - figures.day >= PATIENCE
            is_message = is_final and before != UNKNOWN
            return Evaluation(
                figures, alert, UNKNOWN, compared, None, is_final, is_message
            )
        is_below = compared.value < line and compared.base > 0
        if not is_below or not figures.has_orders(alert):
            return Evaluation(figures, alert, ABOVE, compared, line)
        before = self.state_before(alert.name, figures.day, BELOW, ABOVE)
        is_message = before != BELOW
        return Evaluation(figures, alert, BELOW, compared, line, is_message=is_message)

    def add(self, name: str, day: date, state: str) -> None:
        """Add a day that was evaluated."""
        row = {"business_date": day, "figures_hash": state, "state": "sent"}
        self.rows[name].append(row)


def send_alerts(day: BusinessDay, run: DagRun, failures: Failures) -> list[str]:
    """Evaluate the alerts of a day, and of earlier ones that could not be evaluated, and send the messages;
    return a sentence about each. Those that fail are kept in `failures`. Raise PipelineError if the warehouse
    is unavailable."""
    subscribed = [each for each in load_subscriptions().valid if each.alert]
    if not subscribed:
        return []
    rows = defaultdict(list)
    for row in delivery_log.alerts_until(day.date):
        rows[row["subscription"]].append(row)
    alerts = Alerts(day.date, rows)
    by_day = defaultdict(list)
    for alert in subscribed:
        for open_day in alerts.open_days(alert.name):
            by_day[open_day].append(alert)
    warehouse = connect(dag=run.dag_id, step="alerts")
    origin = Provenance.of(run, day.timezone)
    sentences = []
    for open_day in sorted(by_day):
        slices = {alert.only for alert in by_day[open_day]}
        figures = DayFigures(warehouse, open_day, slices, origin)
        evaluations = [alerts.evaluate(alert, figures) for alert in by_day[open_day]]
        marked = send_once(open_day, evaluations, run, failures)
        for evaluation in evaluations:
            name = evaluation.alert.name
            if name in marked:
                alerts.add(name, open_day, evaluation.state)
            sentences.append(f"{name}: {open_day} is {evaluation.state}")
    return sentences


def line_of(alert: Subscription, compared: Comparison) -> Decimal | None:
    """Return the line of an alert; None where what it refers to is not known."""
    if compared.base is None or alert.below is None or alert.below.percent is None:
        return compared.base
    return compared.base * (100 - alert.below.percent) / 100


def alert_texts(evaluation: Evaluation) -> Values:
    """Return the texts of a message by the names that its template uses."""
    figures = evaluation.figures
    alert = evaluation.alert
    compared = evaluation.compared
    meaning = HEADLINE[str(alert.alert)]
    day = text.short_day(figures.day)
    currency = figures.by_slice[alert.only].currency

    def written(number: Decimal | None) -> str:
        if meaning.kind == "money":
            return text.with_currency(number, currency)
        return text.count(number)

    title = f"{meaning.label} {day}"
    if alert.below and alert.below.of == "target":
        title = f"Net sales of the month to {day}"
    subject = f"Not evaluated: {title}"
    facts = []
    if evaluation.line is not None:
        subject = (
            f"{title}: {written(compared.value)}, below {written(evaluation.line)}"
        )
        facts = [
            (title, written(compared.value)),
            (
                "Line",
                written(evaluation.line) + _reference(alert, written(compared.base)),
            ),
            *_drivers(figures, alert, currency),
        ]
    url = ""
    if alert.only.is_whole:
        # The page shows the whole shop: the slice of a day has none.
        url = page_url(f"{figures.day}/")
    return {
        "subject": subject,
        "facts": facts,
        "day": day,
        "is_complete": figures.is_complete(alert),
        "reference": LINES.get(_line_name(alert), ""),
        "subscription": alert.name,
        "page_url": url,
    }


def _line_name(alert: Subscription) -> str:
    return (alert.below and alert.below.of) or ""


def _reference(alert: Subscription, base: str) -> str:
    """Return `: 20 % below the forecast of 9,000.00 USD`; nothing for an amount."""
    if alert.below is None or alert.below.percent is None:
        return ""
    percent = text.share(alert.below.percent / 100)
    return f": {percent} below {LINES[_line_name(alert)]}, {base}"


def _drivers(
    figures: DayFigures, alert: Subscription, currency: str
) -> list[tuple[str, str]]:
    """Return the part of the sales that fell most since the week before, as a fact."""
    driver = figures.driver(alert)
    if driver is None:
        return []
    dimension, row = driver
    names = {
        "category": terms.category,
        "country": terms.country,
        "channel": text.source_name,
    }
    fall = text.with_currency(row.net_sales - (row.before or 0), currency)
    before = text.short_day(figures.day - timedelta(weeks=1))
    return [("Largest fall", f"{names[dimension](row.name)}: {fall} vs {before}")]
