"""One mail of each kind, and the report's for several kinds of days. Other domains have their own file."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from io import BytesIO
from unittest.mock import patch

from ecommerce.core.airflow_urls import page_url
from ecommerce.core.business_day import day_window
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery, missing_report
from ecommerce.sales.periods.texts.page import page_texts
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.report.texts.corrected import with_corrections
from tests.archived_reports import REPORT, archived_texts, report_message
from tests.unit.sales.periods import samples as periods
from tests.unit.sales.report import samples
from tests.unit.sales.report.samples import DAY, make_figures

JAPANESE, ARABIC = "日本の急須" * 8, "كرسي مكتب مريح"
LONG = (
    "Handmade stoneware teapot with bamboo handle and a strainer " * 3
    + "in its own gift box"
)
CORRECTIONS = {
    "orders": Decimal(201),
    "net_sales": Decimal("16716.13"),
    "tax": Decimal("3201.702"),
    "new_customers": Decimal(60),
    "returning_customers": None,
}
"""One is too small to be seen. New values are those of the attached report, whatever changed since."""


def picture(width=1184, height=520):
    """A PNG file."""
    from PIL import Image

    stream = BytesIO()
    Image.new("RGB", (width, height), "white").save(stream, "PNG")
    return stream.getvalue()


def without_last_week():
    """A day whose week before is missing, and of which one figure has no day before either."""
    headline = {}
    for name, figure in make_figures().headline.items():
        changes = {"week_before": None, "year_before": Decimal(100)}
        headline[name] = figure.model_copy(update=changes)
    headline["shipping"] = headline["shipping"].model_copy(update={"day_before": None})
    return make_figures(headline=headline)


DAYS = {
    "full": samples.full,
    "troubled": samples.troubled,
    "doubtful": samples.doubtful,
    "first": samples.first_day,
    "empty": samples.empty_day,
    "crowded": samples.crowded,
    "without_last_week": without_last_week,
}


def _report(name):
    return report_message(archived_texts(DAYS[name]()), b"%PDF-", picture())


def _corrected():
    texts = archived_texts(make_figures(), CORRECTIONS)
    return report_message(texts, b"%PDF-", picture())


def _corrected_without_visible_change():
    texts = archived_texts(make_figures(), {"tax": CORRECTIONS["tax"]})
    return report_message(texts, b"%PDF-")


def _alarm(*, is_complete):
    reasons = [
        "northwind has delivered no valid file for this day",
        "Storefront has no orders",
    ]
    report = replace(REPORT, alarms=reasons, complete=is_complete)
    with patch.object(mail, "send_alert") as send_alert:
        delivery.send_incomplete_alert(
            day_window(DAY, "America/New_York"), report, send_mail=True
        )
    return send_alert.call_args.args[0]


def _refused():
    problem = "the mail server refused 1 of 2 recipients: address 2"
    texts = {"problem": f"{problem} (duplicates not counted)"}
    return mail.compose("Not delivered to all: Sales", "refused_mail", texts)


def pair(day, source="sales_db"):
    return {"business_date": f"2026-11-{day}", "source": source}


def _reconciliation():
    """Days loaded without a report, failed, not read, loaded with a report, and half loaded."""
    loaded = [pair(19), pair(16), pair(15)]
    failed = [pair(18), pair(15, "storefront")]
    gone = {"what": "orders: 1 gone from the source"}
    days = [pair(19), pair(18), pair(17), pair(16), pair(15), pair(15, "storefront")]
    differences = [day | gone for day in days]
    built = ["2026-11-16", "2026-11-15"]
    texts = comparison.mail_texts(differences, loaded + failed, loaded, built)
    return mail.compose(texts["subject"], "reconciliation_mail", texts)


def _watch(run_id, *failed):
    day = day_window(DAY, "America/New_York")
    return missing_report.compose(day, run_id, list(failed))


RUN = "scheduled__2026-11-20T11:00:00+00:00"

FAILURE = {
    "task": "daily_sales_pipeline.extract.storefront",
    "day": str(DAY),
    "run_id": RUN,
    "reason": "the storefront answers 503: it is down or overloaded",
    "log_url": "https://airflow.example/dags/daily_sales_pipeline/runs/x",
    "kind": "daily",
    "dag_advice": "",
    "source": "storefront",
}


def _period(make, picture=None, **added):
    texts = page_texts(make()) | {"page_url": page_url("weeks/2026-W48/")} | added
    subject = texts["subject"]
    return mail.compose(subject, "period_mail", texts, picture, "days@report")


def _period_with_picture(make):
    return _period(make, picture(), subscription="board", has_pdf=True)


def _corrected_period(make):
    figures = make()
    headline = {name: figure.value for name, figure in figures.headline.items()}
    mailed = {"net_sales": Decimal(140000)}
    return _period(make, **with_corrections(page_texts(figures), headline, mailed))


PROBLEMS = [
    "include/subscriptions.yaml line 7: germany: to: entry 2 of 2 is neither an e-mail address nor "
    "chat:<connection>",
    "include/subscriptions.yaml line 12: name is missing",
]


def _figure_alert(*facts, **texts):
    url = "https://airflow.example/team/plugin/sales-reports/2026-11-19/"
    texts = {
        "facts": facts,
        "day": "Thu 19 Nov",
        "is_complete": True,
        "reference": "the forecast",
        "subscription": "drop",
        "page_url": url,
        **texts,
    }
    subject = "Net sales Thu 19 Nov: 799.99 USD, below 800.00 USD"
    return mail.compose(subject, "figure_alert_mail", texts)


def _invalid_subscriptions():
    texts = {"problems": PROBLEMS}
    return mail.compose("Invalid subscriptions: 2", "subscriptions_mail", texts)


FACTS = (
    ("Net sales Thu 19 Nov", "799.99 USD"),
    ("Line", "800.00 USD: 20.0 % below the forecast, 1,000.00 USD"),
    ("Largest fall", f"{JAPANESE}: 499.50 USD vs Thu 12 Nov"),
)
MAILS = {
    "figure_alert": partial(_figure_alert, *FACTS),
    "figure_alert_incomplete": partial(_figure_alert, is_complete=False),
    "figure_alert_without_line": _figure_alert,
    "subscriptions": _invalid_subscriptions,
    **{f"report_{name}": partial(_report, name) for name in DAYS},
    "report_corrected": _corrected,
    "report_corrected_unchanged": _corrected_without_visible_change,
    "period_week": partial(_period_with_picture, periods.week),
    "period_crowded": partial(_period_with_picture, periods.crowded_month),
    "period_first": partial(_period, periods.first_week),
    "period_day": partial(_period, periods.sliced_day),
    "period_slice": partial(_corrected_period, periods.sliced_week),
    "period_incomplete": partial(_corrected_period, periods.incomplete_week),
    "alarm": partial(_alarm, is_complete=False),
    "alarm_complete": partial(_alarm, is_complete=True),
    "failure": partial(mail.compose, "Failed: a task", "failure_mail", FAILURE),
    "reconciliation": _reconciliation,
    "refused": _refused,
    "watch_failed": partial(_watch, RUN, "extract.storefront", "load.checks"),
    "watch_running": partial(_watch, RUN),
    "watch_none": partial(_watch, ""),
}
