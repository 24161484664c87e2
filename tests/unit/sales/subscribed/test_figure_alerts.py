"""Alerts on figures: when a day is below the line, which message is sent, and what is left for later days."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import PipelineError, TransientError
from ecommerce.core.text import MINUS
from ecommerce.sales.periods.figures import Compared, Expected, PeriodRow
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscribed import figure_alerts
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.storage.staging import DagRun
from tests.unit.sales.subscribed.samples import archived, day_of

DAY = day_of("2026-11-19")
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
    forecast: str | None = "1000"
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
        headline = {
            "net_sales": compared(sales.net_sales, sales.before),
            "gross_sales": compared(sales.gross_sales, sales.before),
            "orders": compared(sales.orders, sales.orders_before),
        }
        expected = None
        if sales.forecast is not None:
            expected = Expected(
                measure="net_sales",
                forecast=Decimal(sales.forecast),
                actual=Decimal(sales.net_sales),
                days=1,
            )
        return figures.model_copy(
            update={"headline": headline, "expected": expected, **sales.rows}
        )


def compared(value, before):
    return Compared(
        value=Decimal(value), before=None if before is None else Decimal(before)
    )


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
    sentences = figure_alerts.send_alerts(window, RUN, failures)
    failures.raise_all()
    return sentences


def weeks_ago(weeks):
    return DAY - timedelta(weeks=weeks)


def row(name, net_sales, before):
    amounts = dict.fromkeys(
        ("units", "gross_sales", "discounts", "returns"), Decimal(0)
    )
    return PeriodRow(
        name=name,
        orders=None,
        net_sales=Decimal(net_sales),
        before=None if before is None else Decimal(before),
        **amounts,
    )


def test_a_crossing_is_sent_with_figure_line_driver_and_link(
    subscribe, delivery_log, warehouse, mailbox, chat
):
    subscribe(DROP)
    rows = {
        # The only row of a dimension is no driver, and one that rose is none.
        "channels": [row("shop", "500", "9000")],
        "categories": [row("Textiles", "100.5", "600"), row("Books", "900", "100")],
        "countries": [row("DE", "300", "700"), row("AT", "1", None)],
    }
    warehouse.days[DAY, WHOLE] = Sales("799.99", rows=rows)
    assert run_of_day() == ["drop: 2026-11-19 is below"]

    [message] = mailbox()
    assert message["Subject"] == "Net sales Thu 19 Nov: 799.99 USD, below 800.00 USD"
    assert message["X-Envelope-To"] == "ann@example.com"
    assert message["X-Sales-Mail"] == "figure_alert"
    assert message["Message-ID"] == "<alert.2026-11-19.drop.below@reports.example>"
    words = message.get_body(("plain",)).get_content()
    assert words.splitlines() == [
        "Net sales Thu 19 Nov: 799.99 USD",
        "Line: 800.00 USD: 20.0 % below the forecast, 1,000.00 USD",
        f"Largest fall: Textiles: {MINUS}499.50 USD vs Thu 12 Nov",
        "",
        "https://airflow.example/team/plugin/sales-reports/team/sales-reports/2026-11-19/",
        "",
        "Sent to the subscription drop.",
    ]
    html = message.get_body(("html",)).get_content()
    assert "799.99 USD" in html
    assert "Sent to the subscription drop." in html
    [post] = chat.posts
    assert post["title"] == message["Subject"]
    assert post["message"].split() == words.split()

    assert delivery_log.statements == ["alerts.sql", "claim.sql", "mark_sent.sql"]
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
QUIET = (Sales(orders="9", orders_before="9"), Sales(orders="9", orders_before="9"))
BUSY = (Sales(orders="30", orders_before="30"), Sales(orders="10", orders_before="10"))
MONTH = {"channel": "total", "net_sales": Decimal(949), "target_to_date": Decimal(1000)}
OF_WEB = {"channel": "web", "net_sales": Decimal(96), "target_to_date": Decimal(100)}
CASES = [
    Case("at the forecast's line", "above", FORECAST, Sales("800")),
    Case("below the forecast's line", "below", FORECAST, Sales("799.99")),
    Case("without a forecast", "unknown", FORECAST, Sales("1", forecast=None)),
    Case("of a forecast of nothing", "above", FORECAST, Sales("-5", forecast="0")),
    Case("of a negative base", "above", FORECAST, Sales("-99", forecast="-100")),
    Case("incomplete", "unknown", FORECAST, Sales("1", complete=False)),
    Case("at last week's line", "above", LAST_WEEK, Sales("900")),
    Case("below last week's line", "below", LAST_WEEK, Sales("899")),
    Case("last week not complete", "unknown", LAST_WEEK, Sales("1", before=None)),
    Case("orders", "below", LAST_WEEK, Sales("1000", orders="44"), alert="orders"),
    Case("orders above", "above", LAST_WEEK, Sales("1", orders="45"), alert="orders"),
    Case(
        "gross sales of a channel",
        "below",
        FORECAST,
        Sales("1000", gross_sales="799"),
        alert="gross_sales",
        only=WEB,
    ),
    Case("at an amount", "above", FIVE, Sales("5")),
    Case("below an amount", "below", FIVE, Sales("4.99")),
    Case(
        # Of 1,000, 2,000, 1,500 and 1,500.
        "at the line of the average",
        "above",
        AVERAGE,
        Sales("1350"),
        earlier=(Sales("1000", before="2000"), Sales("1500", before="1500")),
    ),
    Case(
        "below the line of the average",
        "below",
        AVERAGE,
        Sales("1349"),
        earlier=(Sales("1000", before="2000"), Sales("1500", before="1500")),
    ),
    Case(
        "an average of the complete days, 1,000 and 2,000",
        "below",
        AVERAGE,
        Sales("1349"),
        earlier=(
            Sales("9", before="2000", complete=False),
            Sales("1000", before=None),
        ),
    ),
    Case(
        "an average of no day",
        "unknown",
        AVERAGE,
        Sales("1"),
        earlier=(
            Sales("9", before=None, complete=False),
            Sales("9", before=None, complete=False),
        ),
    ),
    Case("month below its target", "below", TARGET, Sales(), targets=(OF_WEB, MONTH)),
    Case("no target", "unknown", TARGET, Sales(), targets=(OF_WEB,)),
    Case(
        "a channel above its target",
        "above",
        TARGET,
        Sales(),
        only=WEB,
        targets=(MONTH, OF_WEB),
    ),
    Case("enough orders", "below", FIVE, Sales("1", orders="20"), fewest=20),
    Case(
        "few orders on a quiet weekday",
        "above",
        FIVE,
        Sales("1", orders="19"),
        fewest=20,
        earlier=QUIET,
    ),
    Case(
        # 30, 30, 10 and 10 are 20 on average.
        "few orders where the average has nearly enough",
        "above",
        FIVE,
        Sales("1", orders="0"),
        fewest=21,
        earlier=BUSY,
    ),
    Case(
        "an outage on a busy weekday",
        "below",
        FIVE,
        Sales("1", orders="0"),
        fewest=20,
        earlier=BUSY,
    ),
    Case(
        "few orders and nothing to compare with",
        "above",
        FIVE,
        Sales("1", orders="0"),
        fewest=1,
        earlier=(
            Sales(before=None, orders_before=None, complete=False),
            Sales(before=None, orders_before=None, complete=False),
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_day(subscribe, delivery_log, warehouse, mailbox, case):
    alert = {
        "name": "drop",
        "to": "ann@example.com",
        "alert": case.alert,
        "below": case.below,
        "at_least": {"orders": case.fewest},
        "only": case.only or None,
    }
    subscribe({key: value for key, value in alert.items() if value is not None})
    only = Slice(**case.only)
    warehouse.days[DAY, only] = case.sales
    for weeks, sales in zip((1, 3), case.earlier, strict=False):
        warehouse.days[weeks_ago(weeks), only] = sales
    warehouse.targets = list(case.targets)
    assert run_of_day() == [f"drop: 2026-11-19 is {case.state}"]
    assert len(mailbox()) == (case.state == "below")
    expected = [DAY]
    if case.earlier:
        expected += [weeks_ago(1), weeks_ago(3)]
    assert warehouse.read == expected
    is_evaluated = case.state != "unknown"
    assert delivery_log.marked() == (["drop"] if is_evaluated else [])


def test_it_is_sent_again_only_after_it_was_back_above(
    subscribe, delivery_log, warehouse, mailbox
):
    subscribe(DROP)
    mails = []
    # The fourth day cannot be evaluated, and ends no crossing.
    for number, net_sales in enumerate(("900", "1", "2", None, "3", "900", "4")):
        day = DAY + timedelta(days=number)
        sales = Sales(complete=False)
        if net_sales:
            sales = Sales(net_sales)
        warehouse.days[day, WHOLE] = sales
        run_of_day(day)
        mails.append(len(mailbox()))
    # After two days it is reported: the fifth mail is of the sixth day's run.
    assert mails == [0, 1, 1, 1, 1, 2, 3]
    subjects = [message["Subject"] for message in mailbox()]
    assert sum("Not evaluated: Net sales Sun 22 Nov" in each for each in subjects) == 1
    assert sum("below" in subject for subject in subjects) == 2


def test_days_that_could_not_be_evaluated_end_no_crossing(
    subscribe, delivery_log, warehouse, mailbox
):
    subscribe(DROP)
    for number, net_sales in enumerate(("1", None, None, None, None, "2")):
        day = DAY + timedelta(days=number)
        sales = Sales(net_sales) if net_sales else Sales(complete=False)
        warehouse.days[day, WHOLE] = sales
        run_of_day(day)
    below, unknown = [message["Subject"] for message in mailbox()]
    assert below.startswith("Net sales Thu 19 Nov: 1.00 USD")
    assert unknown == "Not evaluated: Net sales Fri 20 Nov"


def test_two_days_of_one_crossing_that_one_run_evaluates_are_one_message(
    subscribe, delivery_log, warehouse, mailbox
):
    subscribe(DROP)
    warehouse.days[DAY, WHOLE] = Sales("1", complete=False)
    run_of_day()
    following = DAY + timedelta(days=1)
    for day in (DAY, following):
        warehouse.days[day, WHOLE] = Sales("1")
    run_of_day(following)
    [message] = mailbox()
    assert message["Subject"].startswith("Net sales Thu 19 Nov")


def test_a_day_that_becomes_complete_is_evaluated_by_the_next_run(
    subscribe, delivery_log, warehouse, mailbox
):
    subscribe(DROP)
    warehouse.days[DAY, WHOLE] = Sales("1", complete=False)
    assert run_of_day() == ["drop: 2026-11-19 is unknown"]
    assert mailbox() == []
    assert delivery_log.marked() == []
    warehouse.days[DAY, WHOLE] = Sales("1")
    following = DAY + timedelta(days=1)
    sentences = run_of_day(following)
    assert sentences == ["drop: 2026-11-19 is below", "drop: 2026-11-20 is above"]
    [message] = mailbox()
    assert message["Message-ID"] == "<alert.2026-11-19.drop.below@reports.example>"
    # It is not asked for again, although its first claim was never sent.
    last = DAY + timedelta(days=2)
    assert run_of_day(last) == ["drop: 2026-11-21 is above"]


def test_a_day_that_cannot_be_evaluated_is_reported_once_after_two_days(
    subscribe, delivery_log, warehouse, mailbox, chat
):
    subscribe(DROP | {"to": ["chat:alert_chat"]}, DROP | {"name": "other"})
    for number in range(6):
        day = DAY + timedelta(days=number)
        warehouse.days[day, WHOLE] = Sales(complete=False)
        run_of_day(day)
    # Of the first day; on the others it still could not.
    first = "Not evaluated: Net sales Thu 19 Nov"
    assert [post["title"] for post in chat.posts] == [first, first]
    assert "was not complete within two days" in chat.posts[0]["message"]
    [message] = mailbox()
    assert message["Subject"] == first
    marked = {
        (row["subscription"], row["business_date"].day)
        for row in delivery_log.rows
        if row["state"] == "sent"
    }
    assert marked == {
        (name, day) for name in ("drop", "other") for day in (19, 20, 21, 22)
    }


def test_a_line_that_is_not_known_is_named(subscribe, delivery_log, warehouse, mailbox):
    subscribe(DROP)
    for number in range(3):
        day = DAY + timedelta(days=number)
        warehouse.days[day, WHOLE] = Sales(forecast=None)
        run_of_day(day)
    [message] = mailbox()
    words = " ".join(message.get_body(("plain",)).get_content().split())
    assert "There is nothing to compare with (the forecast)" in words


def test_the_month_is_named_where_its_target_is_the_line(
    subscribe, delivery_log, warehouse, mailbox
):
    subscribe(DROP | {"below": TARGET, "locale": "de_DE"})
    warehouse.targets = [MONTH | {"net_sales": Decimal("1.5")}]
    run_of_day()
    [message] = mailbox()
    title = "Net sales of the month to Do., 19. Nov."
    assert message["Subject"] == f"{title}: 1,50 USD, below 950,00 USD"
    words = message.get_body(("plain",)).get_content()
    assert "below the target to date, 1.000,00 USD" in words


def test_the_alert_of_a_slice_has_no_link_to_the_page_of_the_whole_shop(
    subscribe, delivery_log, warehouse, mailbox, chat
):
    subscribe(DROP | {"only": WEB, "below": {"amount": 800}})
    warehouse.days[DAY, Slice(channel=("web",))] = Sales("799.99")
    run_of_day()
    [message] = mailbox()
    parts = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    [post] = chat.posts
    assert "799.99 USD" in post["message"]
    assert "sales-reports" not in "".join([*parts, post["message"]])


def test_an_alert_that_fails_stops_no_other_and_is_repeated(
    subscribe, delivery_log, warehouse, mailbox, chat
):
    chat.status = 500
    subscribe(DROP | {"name": "team", "to": "chat:alert_chat"}, DROP)
    warehouse.days[DAY, WHOLE] = Sales("1")
    with pytest.raises(TransientError, match="not delivered: team: no chat accepted"):
        run_of_day()
    assert len(mailbox()) == 1
    assert delivery_log.marked() == ["drop"]
    chat.status = 200
    assert run_of_day() == ["team: 2026-11-19 is below"]
    assert len(chat.posts) == 1
    assert len(mailbox()) == 1


def test_another_run_that_evaluates_an_alert_is_waited_for(
    subscribe, delivery_log, warehouse, mailbox
):
    delivery_log.busy["drop"] = "daily_sales_pipeline/manual"
    subscribe(DROP)
    with pytest.raises(TransientError, match="daily_sales_pipeline/manual is sending"):
        run_of_day()
    assert mailbox() == []


def test_what_was_sent_before_the_task_was_stopped_is_marked(
    subscribe, delivery_log, warehouse, mailbox, monkeypatch
):
    subscribe(DROP, DROP | {"name": "last", "to": "eve@example.com"})
    warehouse.days[DAY, WHOLE] = Sales("1")
    send = figure_alerts.sending.send

    def stop(alert, *arguments):
        if alert.name == "last":
            raise KeyboardInterrupt
        send(alert, *arguments)

    monkeypatch.setattr(figure_alerts.sending, "send", stop)
    with pytest.raises(KeyboardInterrupt):
        run_of_day()
    assert delivery_log.marked() == ["drop"]


def test_an_error_names_no_address(subscribe, delivery_log, warehouse, use_server):
    subscribe(DROP)
    warehouse.days[DAY, WHOLE] = Sales("1")
    use_server(1)
    with pytest.raises(PipelineError) as caught:
        run_of_day()
    assert "example.com" not in str(caught.value)


def test_without_alerts_nothing_is_asked(subscribe, delivery_log, warehouse):
    subscribe({"name": "board", "to": "ann@example.com", "report": "day"})
    assert run_of_day() == []
    assert delivery_log.statements == []
    assert warehouse.read == []
