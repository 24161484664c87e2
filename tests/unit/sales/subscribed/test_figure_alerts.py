"""Alerts on figures: when a day is below the line, which message is sent, and what is left for later days."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.text import MINUS
from ecommerce.sales.periods.figures import Expected
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscribed import figure_alerts
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.sales.subscriptions import load_subscriptions
from ecommerce.storage.staging import DagRun
from tests.unit.mail.readable import html, plain
from tests.unit.sales.periods.samples import compared, rows_of
from tests.unit.sales.subscribed.samples import archived, by_recipient

DAY = date(2026, 11, 19)
"""A Thursday."""
RUN = DagRun("daily_sales_pipeline", "scheduled")
DROP = {
    "name": "drop",
    "to": ["ann@example.com", "chat:alert_chat"],
    "alert": "net_sales",
    "below": {"percent": 20, "of": "forecast"},
}


@dataclass
class Sales:
    """What a made-up day of a slice sold; `before` is the week before, None where it is not comparable."""

    net_sales: str = "1000"
    orders: str = "50"
    gross_sales: str = "1200"
    before: str | None = "1000"
    orders_before: str | None = "50"
    forecast: str = "1000"
    complete: bool = True
    rows: dict = field(default_factory=dict)


@dataclass
class Warehouse:
    """The days of the warehouse by date and slice, those that were read, and the rows of the targets."""

    days: dict = field(default_factory=lambda: defaultdict(Sales))
    read: list = field(default_factory=list)
    targets: list = field(default_factory=list)

    def query(self, path, **values):
        assert path == "report/daily_sales/targets.sql"
        assert values == {"report_day": DAY}
        return self.targets

    def figures(self, warehouse, period, slices, origin):
        """Stands for `read_figures`."""
        assert warehouse is self
        self.read.append(period.first)
        return {only: self._slice(period.first, only) for only in slices}

    def _slice(self, day, only):
        sales = self.days[day, only]
        incomplete = () if sales.complete else (str(day),)
        figures = archived(str(day), only=only, incomplete=incomplete).figures
        changes = {
            "headline": {
                "net_sales": compared(sales.net_sales, sales.before),
                "gross_sales": compared(sales.gross_sales, sales.before),
                "orders": compared(sales.orders, sales.orders_before),
            }
        }
        if sales.forecast:
            changes["expected"] = Expected(
                measure="net_sales",
                forecast=Decimal(sales.forecast),
                actual=Decimal(sales.net_sales),
                days=1,
            )
        return figures.model_copy(update=changes | sales.rows)


@pytest.fixture
def warehouse(monkeypatch):
    fake = Warehouse()
    monkeypatch.setattr(figure_alerts, "read_figures", fake.figures)
    monkeypatch.setattr(figure_alerts, "connect", lambda **labels: fake)
    return fake


def run_of_day(day=DAY):
    """The alerts of a run of a day: sentences, and what failed."""
    failures = Failures()
    window = day_window(day, "America/New_York")
    sentences = figure_alerts.send_alerts(
        window, load_subscriptions().alerts, RUN, failures
    )
    failures.raise_all()
    return sentences


def test_a_crossing_is_sent_with_figure_line_driver_and_link(
    subscribe, delivery_log, warehouse, mailbox, chat
):
    subscribe(DROP)
    rows = {
        # The only row of a dimension is no driver, and one that rose is none.
        "channels": rows_of({"shop": ("500", "9000")}),
        "categories": rows_of({"Textiles": ("100.5", "600"), "Books": ("900", "100")}),
        "countries": rows_of({"DE": ("300", "700"), "AT": ("1", "1")}),
    }
    warehouse.days[DAY, WHOLE] = Sales("799.99", rows=rows)
    assert run_of_day() == ["drop: 2026-11-19 is below"]

    [message] = mailbox()
    assert message["Subject"] == "Net sales Thu 19 Nov: 799.99 USD, below 800.00 USD"
    assert message["X-Envelope-To"] == "ann@example.com"
    assert message["X-Sales-Mail"] == "figure_alert"
    assert message["Message-ID"] == "<alert.2026-11-19.drop.below@reports.example>"
    words = plain(message)
    assert words.splitlines() == [
        "Net sales Thu 19 Nov: 799.99 USD",
        "Line: 800.00 USD: 20.0 % below the forecast, 1,000.00 USD",
        f"Largest fall: Textiles: {MINUS}499.50 USD vs Thu 12 Nov",
        "",
        "https://airflow.example/team/plugin/sales-reports/team/sales-reports/2026-11-19/",
        "",
        "Sent to the subscription drop.",
    ]
    [post] = chat.posts
    assert post["title"] == message["Subject"]
    assert post["message"].split() == words.split()

    assert delivery_log.calls == ["alerts_until", "claim_all", "mark_all_sent"]
    assert warehouse.read == [DAY]
    # Once.
    assert run_of_day() == []
    assert len(mailbox()) == 1


@dataclass
class Case:
    """An alert on a day, and whether it is below its line."""

    name: str
    state: str
    below: dict
    sales: Sales
    alert: str = "net_sales"
    fewest: int = 0
    only: dict = field(default_factory=dict)
    earlier: tuple = ()
    targets: tuple = ()


FORECAST = {"percent": 20, "of": "forecast"}
LAST_WEEK = {"percent": 10, "of": "last_week"}
AVERAGE = {"percent": 10, "of": "weekday_average"}
TARGET = {"percent": 5, "of": "target"}
FIVE = {"amount": 5}
WEB = {"channel": "web"}
UNKNOWN = Sales("9", before=None, orders_before=None, complete=False)
SOLD = (Sales("1000", before="2000"), Sales("1500", before="1500"))
"""On average 1,500."""
QUIET = (Sales(orders="9", orders_before="9"), Sales(orders="9", orders_before="9"))
BUSY = (Sales(orders="30", orders_before="30"), Sales(orders="10", orders_before="10"))
MONTH = {"channel": "total", "net_sales": Decimal(949), "target_to_date": Decimal(1000)}
OF_WEB = {"channel": "web", "net_sales": Decimal(96), "target_to_date": Decimal(100)}
OUTAGE = Sales("1", orders="0")
CASES = [
    Case("at the forecast's line", "above", FORECAST, Sales("800")),
    Case("of a forecast of nothing", "above", FORECAST, Sales("-5", forecast="0")),
    Case("of a negative base", "above", FORECAST, Sales("-99", forecast="-100")),
    Case("below last week's line", "below", LAST_WEEK, Sales("899")),
    Case("last week not complete", "unknown", LAST_WEEK, Sales("1", before=None)),
    Case("orders", "below", LAST_WEEK, Sales(orders="44"), alert="orders"),
    Case("gross sales", "below", FIVE, Sales(gross_sales="4"), "gross_sales", only=WEB),
    Case("at the line of the average", "above", AVERAGE, Sales("1350"), earlier=SOLD),
    Case("below the average", "below", AVERAGE, Sales("1349"), earlier=SOLD),
    Case(
        "an average of the complete days, 1,000 and 2,000",
        "below",
        AVERAGE,
        Sales("1349"),
        earlier=(Sales("9", before="2000", complete=False), Sales(before=None)),
    ),
    Case(
        "an average of no day",
        "unknown",
        AVERAGE,
        OUTAGE,
        earlier=(UNKNOWN, UNKNOWN),
    ),
    Case("month below its target", "below", TARGET, Sales(), targets=(OF_WEB, MONTH)),
    Case("no target", "unknown", TARGET, Sales(), targets=(OF_WEB,)),
    Case("channel", "above", TARGET, Sales(), only=WEB, targets=(MONTH, OF_WEB)),
    Case("enough orders", "below", FIVE, Sales("1", orders="20"), fewest=20),
    Case(
        "few orders on a quiet weekday",
        "above",
        FIVE,
        Sales("1", orders="19"),
        fewest=20,
        earlier=QUIET,
    ),
    # 30, 30, 10 and 10 are 20 on average.
    Case("nearly enough on average", "above", FIVE, OUTAGE, fewest=21, earlier=BUSY),
    Case("an outage", "below", FIVE, OUTAGE, fewest=20, earlier=BUSY),
    Case(
        "few orders and nothing to compare with",
        "above",
        FIVE,
        OUTAGE,
        fewest=1,
        earlier=(UNKNOWN, UNKNOWN),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_day(subscribe, delivery_log, warehouse, mailbox, case):
    subscribe(
        {
            "name": "drop",
            "to": "ann@example.com",
            "alert": case.alert,
            "below": case.below,
            "at_least": {"orders": case.fewest},
            "only": case.only,
        }
    )
    only = Slice(**case.only)
    expected = [DAY]
    warehouse.days[DAY, only] = case.sales
    for weeks, sales in zip((1, 3), case.earlier, strict=False):
        day = DAY - timedelta(weeks=weeks)
        warehouse.days[day, only] = sales
        expected.append(day)
    warehouse.targets = list(case.targets)
    assert run_of_day() == [f"drop: 2026-11-19 is {case.state}"]
    assert len(mailbox()) == (case.state == "below")
    assert warehouse.read == expected
    assert bool(delivery_log.marked()) == (case.state != "unknown")


NOT_EVALUATED = "Not evaluated: Net sales"


SENT = {
    # A crossing is reported again only after it was back above the line.
    ("900", "1", "2", "", "3", "900", "4"): {
        1: "Net sales Fri 20 Nov: 1.00 USD, below 800.00 USD",
        5: f"{NOT_EVALUATED} Sun 22 Nov",
        6: "Net sales Wed 25 Nov: 4.00 USD, below 800.00 USD",
    },
    # Days that cannot be evaluated end no crossing, and the first of them is reported.
    ("1", "", "", "", "", "2"): {
        0: "Net sales Thu 19 Nov: 1.00 USD, below 800.00 USD",
        3: f"{NOT_EVALUATED} Fri 20 Nov",
    },
}
"""By the net sales of days, none of an incomplete one: the subject of the message that a day's run sends."""


@pytest.mark.parametrize("net_sales", SENT)
def test_what_is_sent_day_after_day(
    subscribe, delivery_log, warehouse, mailbox, net_sales
):
    subscribe(DROP)
    sent = {}
    for number, amount in enumerate(net_sales):
        day = DAY + timedelta(days=number)
        warehouse.days[day, WHOLE] = Sales(amount or "1", complete=bool(amount))
        run_of_day(day)
        for message in mailbox()[len(sent) :]:
            sent[number] = message["Subject"]
    assert sent == SENT[net_sales]


def test_a_day_that_becomes_complete_is_evaluated_by_the_next_run(
    subscribe, delivery_log, warehouse, mailbox
):
    subscribe(DROP)
    warehouse.days[DAY, WHOLE] = Sales("1", complete=False)
    assert run_of_day() == ["drop: 2026-11-19 is unknown"]
    assert mailbox() == []
    assert delivery_log.marked() == []
    following = DAY + timedelta(days=1)
    for day in (DAY, following):
        warehouse.days[day, WHOLE] = Sales("1")
    sentences = run_of_day(following)
    assert sentences == ["drop: 2026-11-19 is below", "drop: 2026-11-20 is below"]
    # Two days of one crossing are one message.
    [message] = mailbox()
    assert message["Message-ID"] == "<alert.2026-11-19.drop.below@reports.example>"
    # It is not asked for again, although its first claim was never sent.
    last = DAY + timedelta(days=2)
    assert run_of_day(last) == ["drop: 2026-11-21 is above"]


UNEVALUATED = {
    "was not complete within two days": Sales(complete=False),
    "There is nothing to compare with (the forecast)": Sales(forecast=""),
}


@pytest.mark.parametrize("reason", UNEVALUATED)
def test_a_day_that_cannot_be_evaluated_is_reported_once_after_two_days(
    subscribe, delivery_log, warehouse, chat, reason
):
    subscribe(DROP | {"to": "chat:alert_chat"})
    for number in range(6):
        day = DAY + timedelta(days=number)
        warehouse.days[day, WHOLE] = UNEVALUATED[reason]
        run_of_day(day)
    [post] = chat.posts
    assert post["title"] == f"{NOT_EVALUATED} Thu 19 Nov"
    assert reason in " ".join(post["message"].split())
    marked = [row for row in delivery_log.rows if row["state"] == "sent"]
    assert {row["business_date"].day for row in marked} == {19, 20, 21, 22}


def test_the_month_is_named_where_its_target_is_the_line_and_a_slice_has_no_link(
    subscribe, delivery_log, warehouse, mailbox, chat
):
    """The page shows the whole shop."""
    monthly = DROP | {"name": "month", "to": "eve@example.com", "below": TARGET}
    of_web = DROP | {"only": WEB, "below": {"amount": 800}}
    subscribe(monthly | {"locale": "de_DE"}, of_web)
    warehouse.targets = [MONTH | {"net_sales": Decimal("1.5")}]
    countries = rows_of({"DE": ("300", "9300"), "AT": ("1", "1")})
    warehouse.days[DAY, WHOLE] = Sales(rows={"countries": countries})
    warehouse.days[DAY, Slice(channel=("web",))] = Sales("799.99")
    run_of_day()
    mails = by_recipient(mailbox())
    message = mails["eve@example.com"]
    title = "Net sales of the month to Do., 19. Nov."
    assert message["Subject"] == f"{title}: 1,50 USD, below 950,00 USD"
    words = plain(message)
    assert "below the target to date, 1.000,00 USD" in words
    assert f"Largest fall: Deutschland: {MINUS}9.000,00 USD" in words

    of_slice = mails["ann@example.com"]
    [post] = chat.posts
    assert "799.99 USD" in post["message"]
    for words in (plain(of_slice), html(of_slice), post["message"]):
        assert "sales-reports" not in words
