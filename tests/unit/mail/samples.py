"""One mail of each kind, and the report's for every kind of day. Other domains have a file of their own."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage
from io import BytesIO

from ecommerce.mail import alerts
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery, missing_report
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.report.figures import model
from ecommerce.sales.report.figures.restatements import Correction
from tests.unit.sales.report.cases import CASES
from tests.unit.sales.report.samples import DAY, breakdown, make_figures, noted

JAPANESE, ARABIC = "日本の急須" * 8, "كرسي مكتب مريح"
LONG = (
    "Handmade stoneware teapot with bamboo handle and a strainer " * 3
    + "in its own gift box"
)
FAILED = {
    "task": "daily_sales_pipeline.extract.storefront",
    "day": str(DAY),
    "run_id": "scheduled__2026-11-20T11:00:00+00:00",
    "reason": "the storefront answers 503: it is down or overloaded",
    "log_url": "https://airflow.example/dags/daily_sales_pipeline/runs/scheduled__2026-11-20/tasks/extract.storefront",
    "advice": alerts.REPAIR,
}


def picture(width: int = 1184, height: int = 520) -> bytes:
    """A PNG file."""
    from PIL import Image, ImageDraw

    drawn = Image.new("RGB", (width, height), "white")
    for place in range(28):
        left, top = 20 + place * (width - 40) // 28, height - 40 - (place * 37 % 300)
        ImageDraw.Draw(drawn).rectangle(
            (left, top, left + width // 40, height - 40), fill="#12486b"
        )
    stream = BytesIO()
    drawn.save(stream, "PNG")
    return stream.getvalue()


def without_last_week() -> model.Figures:
    """A day whose week before is missing, and of which one figure has no day before either."""
    headline = {
        name: figure.model_copy(
            update={"week_before": None, "year_before": Decimal(100)}
        )
        for name, figure in make_figures().headline.items()
    }
    headline["shipping"] = headline["shipping"].model_copy(update={"day_before": None})
    return make_figures(headline=headline)


def many_partners() -> model.Figures:
    """Partners with long names in three scripts, and more of them than a mail has room for."""
    named = [breakdown(name, "1234.5") for name in (JAPANESE, ARABIC, LONG)]
    return make_figures(
        channels=[*named, *(breakdown(f"partner {each}", "10") for each in range(40))]
    )


DAYS: dict[str, Callable[[], model.Figures]] = {
    **CASES,
    "ordinary": make_figures,
    "without_last_week": without_last_week,
    "noted": noted,
    "many_partners": many_partners,
}
CORRECTIONS = [
    Correction("orders", Decimal(201), Decimal(214)),
    Correction("net_sales", Decimal("16716.13"), Decimal("18342.56")),
    Correction("tax", Decimal("3201.702"), Decimal("3201.7")),
]


def report(name: str) -> EmailMessage:
    """The report's mail of one of `DAYS`, with a picture of the trend."""
    return delivery.report_message(DAYS[name](), b"%PDF-", picture())


def _corrected() -> EmailMessage:
    return delivery.report_message(make_figures(), b"%PDF-", picture(), CORRECTIONS)


def _corrected_without_visible_change() -> EmailMessage:
    return delivery.report_message(DAYS["partner_missing"](), b"%PDF-", None, [])


def _alarm() -> EmailMessage:
    reasons = [
        "northwind has delivered no valid file for this day",
        "Storefront has no orders",
    ]
    texts = {
        "day": str(DAY),
        "reasons": reasons,
        "page_url": "https://airflow.example/x",
    }
    return mail.compose(f"Incomplete: sales of {DAY}", "alarm_mail", texts)


def _failure() -> EmailMessage:
    texts = {"command": f"make repair DAY={DAY}", "source": "storefront"}
    return mail.compose("Failed: a task", "failure_mail", FAILED | texts)


def _refused() -> EmailMessage:
    problem = (
        "the mail server refused 1 of 2 recipients: address 2 (duplicates not counted)"
    )
    return mail.compose(
        "Not delivered to all: Sales", "refused_mail", {"problem": problem}
    )


def _reconciliation() -> EmailMessage:
    found = [
        {
            "business_date": str(DAY - timedelta(days=back)),
            "source": "sales_db",
            "figures": [["orders", "12", "13"], ["gross amount", "90.50", "100.00"]],
            "what": "orders: 1 gone from the source",
        }
        for back in range(2)
    ]
    built = [str(DAY - timedelta(days=3))]
    texts = comparison.mail_texts(found, {(str(DAY), "sales_db"): None}, built)
    reports = {"reports": [f"make report DAY={DAY}"]}
    return mail.compose(texts["subject"], "reconciliation_mail", texts | reports)


def _watch() -> EmailMessage:
    states = {"extract.storefront": "failed", "load.load": "upstream_failed"}
    texts = missing_report.mail_texts(_day(), "scheduled__2026-11-20", states)
    return mail.compose(f"No sales report for {DAY}", "watch_mail", texts)


def _day():
    from ecommerce.core.business_day import day_window

    return day_window(DAY, "America/New_York")


MAILS: dict[str, Callable[[], EmailMessage]] = {
    **{f"report_{name}": (lambda name=name: report(name)) for name in DAYS},
    "report_corrected": _corrected,
    "report_corrected_unchanged": _corrected_without_visible_change,
    "alarm": _alarm,
    "failure": _failure,
    "refused": _refused,
    "reconciliation": _reconciliation,
    "watch": _watch,
}
