"""Reports of made-up periods, their mails, and the delivery log in memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ecommerce.core.periods import parse_period
from ecommerce.sales import report_mail
from ecommerce.sales.periods.archive import ArchivedPeriod
from ecommerce.sales.periods.figures import figures_hash
from ecommerce.sales.slices import WHOLE
from tests.unit.sales.periods.samples import compared, days_of, make


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
    """Stands for `read_mail` of periods, which typesets a PDF: the texts show net sales and the locale."""
    if not isinstance(report, ArchivedPeriod):
        return READ_MAIL(report, locale)
    figures = report.figures
    net_sales = figures.headline["net_sales"].value
    texts = {
        "subject": f"Sales {figures.period}: {net_sales} ({locale or 'as set'})",
        "badge": "",
        "corrected": None,
        "short_day": str(figures.period),
        "currency": figures.currency,
        "net_sales": net_sales,
    }
    pdf = f"%PDF-{locale}".encode()
    return report_mail.ReportMail("period", "days.png", texts, pdf, b"\x89PNG")


@dataclass
class DeliveryLog:
    """`report_deliveries` in memory: the rows of subscriptions, and the names of the statements on it. A run
    in `busy` is sending the mails of those subscriptions."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    busy: dict[str, str] = field(default_factory=dict)

    def sent(self, name, report, when, *, state="sent", kind=""):
        """Add the mail of a report that a subscription got at an instant."""
        figures = report.figures
        kind = kind or figures.kind
        row = {
            "business_date": figures.last,
            "subscription": name,
            "figures_hash": report.figures_hash,
            "message_id": f"<{kind}.{name}@x>",
            "state": state,
            "sent_at": when,
            "net_sales": figures.value("net_sales"),
        }
        self.rows.insert(0, row)

    def query(self, path, **values):
        name = path.rpartition("/")[2]
        self.statements.append(name)
        day = values["last_day"]
        if name == "alerts.sql":
            return [row for row in self.rows if row["business_date"] <= day]
        assert name == "by_subscription.sql"
        return [row for row in self.rows if row["business_date"] == day]

    def transact(self, path, **values):
        name = path.rpartition("/")[2]
        self.statements.append(name)
        if name == "mark_sent.sql":
            self._mark(**values)
            return []
        rows = []
        for each in values["hashes"]:
            row = self._claim(each, values)
            if row:
                rows.append(row)
        return rows

    def _claim(self, name, values):
        """The row of a claim; None where the figures are other ones than those that were sent, and only the
        first mail is claimed."""
        mail = {
            "business_date": values["business_date"],
            "subscription": name,
            "figures_hash": values["hashes"][name],
            "state": "claimed",
        }
        if name in self.busy:
            return mail | {"message_id": "", "claimed_by": self.busy[name]}
        sent = []
        for row in self.rows:
            if row["state"] == "sent" and row["subscription"] == name:
                sent.append(row)
        sent = [row for row in sent if row["business_date"] == mail["business_date"]]
        if sent and sent[0]["figures_hash"] == mail["figures_hash"]:
            return {**sent[0], "claimed_by": ""}
        if sent and values["only_first"]:
            return None
        net_sales = values["net_sales"][name]
        row = mail | {
            "message_id": values["message_ids"][name],
            "sent_at": None,
            "claimed_by": values["owner"],
            "net_sales": None if net_sales is None else Decimal(net_sales).scaleb(-4),
        }
        if row not in self.rows:
            self.rows.insert(0, row)
        return row

    def _mark(self, business_date, hashes, sent_at):
        for row in self.rows:
            is_marked = hashes.get(row["subscription"]) == row["figures_hash"]
            if is_marked and row["business_date"] == business_date:
                row |= {"state": "sent", "sent_at": sent_at}

    def marked(self):
        """The subscriptions whose mails are sent."""
        return sorted(
            {row["subscription"] for row in self.rows if row["state"] == "sent"}
        )


def at(text):
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
