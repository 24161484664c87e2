"""Reports of made-up periods, their mails, and the delivery log in memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ecommerce.core.periods import parse_period
from ecommerce.core.text import in_locale
from ecommerce.sales import report_mail
from ecommerce.sales.delivery_log import Claims, Mail
from ecommerce.sales.periods.archive import ArchivedPeriod
from ecommerce.sales.periods.figures import figures_hash
from ecommerce.sales.periods.texts.page import page_texts
from ecommerce.sales.slices import WHOLE, Slice
from tests.unit.sales.periods.samples import compared, days_of, make

GERMANY = Slice(country=("DE",))
BOARD = {"name": "board", "to": ["ann@example.com"], "report": "week"}


def by_recipient(messages):
    """Return messages by those who get them."""
    return {message["X-Envelope-To"]: message for message in messages}


def archived(period, net_sales="1000", only=WHOLE, incomplete=()):
    """The report of a period with these net sales; the days `incomplete` (`2026-11-16`) are not complete."""
    days = []
    for day in days_of(parse_period(period)):
        complete = str(day.day) not in incomplete
        days.append(day.model_copy(update={"complete": complete}))
    figures = make(
        period,
        only=only,
        headline={"net_sales": compared(net_sales)},
        days=days,
        expected=None,
    )
    return ArchivedPeriod("", figures=figures, figures_hash=figures_hash(figures))


READ_MAIL = report_mail.read_mail


def read_mail(report, locale=""):
    """Stands for `read_mail` of periods, which typesets a PDF."""
    if not isinstance(report, ArchivedPeriod):
        return READ_MAIL(report, locale)
    with in_locale(locale):
        texts = page_texts(report.figures) | {"page_url": ""}
    pdf = f"%PDF-{locale}".encode()
    # The slice of a day has neither a page nor a chart.
    picture = b"\x89PNG" if report.page_path else None
    return report_mail.ReportMail("period", "days.png", texts, pdf, picture)


@dataclass
class DeliveryLog:
    """Stands for `delivery_log`: the rows of subscriptions in memory, and the calls. A run in `busy` is
    sending the mails of those subscriptions."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    busy: dict[str, str] = field(default_factory=dict)

    def sent(self, name, report, when, *, state="sent", kind=""):
        """Add the mail of a report that a subscription got at an instant."""
        figures = report.figures
        message_id = f"<{kind or figures.kind}.{name}@x>"
        net_sales = figures.value("net_sales")
        mail = Mail(report.figures_hash, message_id, when, name, net_sales)
        self._add(figures.last, mail)
        self.rows[0] |= {"state": state, "sent_at": when}

    def _add(self, business_date, mail):
        row = {
            "business_date": business_date,
            "subscription": mail.subscription,
            "figures_hash": mail.figures_hash,
            "message_id": mail.message_id,
            "state": "claimed",
            "sent_at": None,
            "net_sales": mail.net_sales,
        }
        if row not in self.rows:
            self.rows.insert(0, row)

    def subscribed_deliveries(self, last_day):
        self.calls.append("subscribed_deliveries")
        return [row for row in self.rows if row["business_date"] == last_day]

    def alerts_until(self, day):
        self.calls.append("alerts_until")
        return [row for row in self.rows if row["business_date"] <= day]

    def claim_all(self, business_date, mails, run, *, only_first=False):
        self.calls.append("claim_all")
        sent = {}
        for row in reversed(self.rows):
            if row["state"] == "sent" and row["business_date"] == business_date:
                sent[row["subscription"]] = row["figures_hash"]
        claims = Claims({}, self.busy, set())
        for mail in mails:
            name = mail.subscription
            is_left_out = only_first and name in sent
            is_same = sent.get(name) == mail.figures_hash
            if name in self.busy or is_left_out or is_same:
                continue
            claims.message_ids[name] = mail.message_id
            self._add(business_date, mail)
        return claims

    def mark_all_sent(self, business_date, hashes):
        self.calls.append("mark_all_sent")
        for row in self.rows:
            is_marked = hashes.get(row["subscription"]) == row["figures_hash"]
            if is_marked and row["business_date"] == business_date:
                row |= {"state": "sent", "sent_at": datetime.now(UTC)}

    def marked(self):
        """The subscriptions whose mails are sent."""
        return sorted(
            {row["subscription"] for row in self.rows if row["state"] == "sent"}
        )


def at(text):
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
