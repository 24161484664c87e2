"""The pages of a made-up shop: an archive of November 2026, a warehouse that answers from lists, Airflow's
runs as a dictionary, and the application with somebody signed in."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from ecommerce.pages.runs import Run
from ecommerce.sales.days.state import DayState
from ecommerce.sales.periods import build as period_build
from ecommerce.sales.periods.archive import archive_of, slice_key
from ecommerce.sales.report import archive, build
from tests.settings import environment
from tests.unit.forecast.report.samples import publish_two_forecasts
from tests.unit.sales.periods.samples import GERMANY, make, sliced
from tests.unit.sales.report.samples import DAY, make_figures

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
READ_AT = datetime(2026, 11, 20, 11, 0, 3, tzinfo=UTC)
WEEK, MONTH = "2026-W46", "2026-10"
"""The newest that have ended; both have a report."""
SLICE = slice_key(GERMANY)
SUBSCRIPTIONS = """
- {name: germany, to: [anna@example.com], report: week, only: {country: [DE, AT]}}
- {name: lighting, to: [anna@example.com], report: week, only: {category: [Lighting]}}
- {name: everyone, to: [all@example.com], report: week}
"""
CAUSE = {
    "kind": "late",
    "source": "partner_files",
    "channel": "alpenmarkt",
    "orders": 13,
}


def day(number):
    """A day of November 2026."""
    return DAY.replace(day=number)


def day_state(
    business_date,
    net_sales=Decimal("18342.56"),
    complete=True,
    **rest,
):
    """A day in the warehouse."""
    figures = {
        "net_sales": net_sales,
        "orders": Decimal(214),
        "average_order_value": Decimal("91.63"),
        "customers": Decimal(201),
    }
    return DayState(
        business_date=business_date, figures=figures, complete=complete, **rest
    )


def day_states():
    """From the 3rd on; the 9th is missing, the 12th incomplete, the 17th restated since it was mailed."""
    found = {}
    for number in [3, 4, 5, 6, 7, 8, *range(10, 19)]:
        net_sales = Decimal(14_900 + number * 211) + Decimal("0.56")
        found[day(number)] = day_state(day(number), net_sales)
    found[day(19)] = day_state(day(19))
    found[day(12)] = day_state(
        day(12),
        complete=False,
        missing_sources=("storefront", "partner_files: alpenmarkt"),
    )
    restated = {"net_sales": Decimal("18716.13"), "orders": Decimal(201)}
    found[day(17)] = day_state(
        day(17), net_sales=Decimal("20373.40"), outdated_values=restated
    )
    return found


TICK = "T11:00:00+00:00"
RUNS = {
    day(number): Run(f"scheduled__{day(number + 1)}{TICK}", "success")
    for number in range(5, 20)
}
RUNS[day(14)] = Run(f"manual__{day(15)}{TICK}", "failed")
RUNS[day(18)] = Run(f"scheduled__{day(19)}{TICK}", "running")
ARCHIVED = [5, 6, 7, 8, *range(10, 20)]
MAILS = {day(number): 1 for number in ARCHIVED if number not in (8, 12)}
MAILS[day(16)] = 2


@dataclass
class FakeWarehouse:
    """Answers the statements of the pages from what it is given, by the names of their files; `asked` has
    their values."""

    days: Mapping[date, DayState] = field(default_factory=day_states)
    mails: Mapping[date, int] = field(default_factory=lambda: MAILS)
    rows: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)

    def query(self, path, **values):
        name = path.rpartition("/")[2].removesuffix(".sql")
        self.asked[name] = values
        if name == "loaded_days":
            first, last = min(self.days, default=None), max(self.days, default=None)
            return [{"first_day": first, "last_day": last}]
        if name == "figures":
            return [self._figures(state) for state in self._between(**values)]
        if name == "mailed_figures":
            return [row for state in self._between(**values) for row in mailed(state)]
        return self.rows.get(name, [])

    def _between(self, first, day):
        return [state for of_day, state in self.days.items() if first <= of_day <= day]

    def _figures(self, state):
        mails = {"mail_count": self.mails.get(state.business_date, 0)}
        return dict(state) | state.figures | mails


def mailed(state):
    """The rows of mailed_figures.sql of a day: figures that have changed since."""
    rows = []
    for figure, value in state.outdated_values.items():
        day_and_figure = {"business_date": state.business_date, "figure": figure}
        rows.append(day_and_figure | {"mailed_value": value})
    return rows


@dataclass
class FakeRuns:
    """As `ecommerce.pages.runs.AirflowRuns`; `asked` lists what was to be run again."""

    runs: Mapping[date, Run] = field(default_factory=lambda: RUNS)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def between(self, first, last):
        return {
            of_day: run for of_day, run in self.runs.items() if first <= of_day <= last
        }

    def rebuild_report(self, of_day):
        self.asked.append(("build", of_day))

    def reread_source(self, of_day, source):
        self.asked.append(("read", of_day, source))


def total(of_day, source, **changes):
    """A row of control_totals.sql."""
    return {
        "business_date": of_day,
        "source": source,
        "status": "success",
        "read_at": READ_AT,
        "rows_rejected": 0,
        "source_orders": 120,
        "orders_loaded": 120,
        "lost_orders": 0,
        "refused_files": None,
        "lost_amounts": [],
        "missing_deliveries": [],
    } | changes


def rejected(source, reason, rows, **changes):
    """A row of rejected.sql."""
    return {
        "source": source,
        "reason": reason,
        "reason_rows": rows,
        "file": "alpenmarkt_2026-11-19.csv",
        "row_number": 17,
        "order_id": "P-1001",
        "detail": "unit_price = twelve",
        "raw": '{"order_id": "P-1001", "line_number": "1", "unit_price": "twelve"}',
    } | changes


def delivered(partner, of_day):
    """A row of deliveries.sql."""
    return {
        "partner": partner,
        "file": f"{partner}_{of_day}.csv",
        "received_at": datetime(of_day.year, of_day.month, of_day.day, 23, tzinfo=UTC),
        "source_orders": 20,
    }


def control_totals():
    """Of 17 days; the 9th is missing."""
    nothing = {"source_orders": None, "orders_loaded": None}
    rows = []
    for number in [2, 3, 4, 5, 6, 7, 8, *range(10, 20)]:
        storefront = {"status": "failed", **nothing} if number == 12 else {}
        partners = {"missing_deliveries": ["alpenmarkt"]} if number == 12 else {}
        if number == 19:
            lost = {"amount": Decimal(25), "currency": "EUR"}
            partners = {"orders_loaded": 118, "lost_amounts": [lost]}
        rows += [
            total(day(number), "sales_db"),
            total(day(number), "storefront", **storefront),
            total(day(number), "partner_files", **partners),
            total(day(number), "exchange_rates", **nothing),
        ]
    return rows


def deliveries():
    """The last file of each partner; the newest of northwind is missing."""
    return [delivered("alpenmarkt", day(19)), delivered("northwind", day(18))]


def quality_rows():
    """What the page *Data quality* asks for."""
    second = {"row_number": 18, "order_id": "P-1002"}
    quantity = {"file": None, "row_number": 4, "order_id": "8812", "raw": None}
    quantity["detail"] = "quantity = -2"
    restatement = {
        "business_date": day(17),
        "figure": "net_sales",
        "old": Decimal("18716.13"),
        "new": Decimal("20373.40"),
        "causes": json.dumps([CAUSE]),
        "detected_at": READ_AT,
    }
    last_reads = []
    for source in ("sales_db", "storefront", "partner_files"):
        read = {"source": source, "read_at": READ_AT, "business_date": day(19)}
        last_reads.append(read)
    return {
        "control_totals": control_totals(),
        "rejected": [
            rejected("partner_files", "invalid_number", 3),
            rejected("partner_files", "invalid_number", 3, **second),
            rejected("storefront", "invalid_quantity", 1, **quantity),
        ],
        "last_reads": last_reads,
        "deliveries": deliveries(),
        "restated_figures": [restatement],
    }


def archive_figures_alone(reports, figures):
    """Archive a day's figures, without its documents."""
    folder = reports / figures.business_date.isoformat()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / archive.FIGURES_JSON).write_text(figures.model_dump_json(indent=1))


@environment({"CUSTOMER_HASH_KEY": "a hash key that only tests use"})
def write_archive(root):
    """The archive below `root`: the report of DAY with its documents, the same for the other days, and two
    forecasts."""
    reports = root / "reports"
    build.archive_report(f"file://{reports}", make_figures())
    for number in ARCHIVED:
        if day(number) != DAY:
            folder = reports / str(day(number))
            shutil.copytree(reports / str(DAY), folder)
            changed = make_figures(business_date=day(number))
            (folder / archive.FIGURES_JSON).write_text(
                changed.model_dump_json(indent=1)
            )
    write_periods(reports)
    publish_two_forecasts(reports)
    return reports


def write_periods(reports):
    """The report of a week with its documents, and the same for a slice of it and for a month."""
    uri = period_build.archive_report(f"file://{reports}", make(WEEK)).uri
    others = [make(WEEK, **sliced()), make(MONTH)]
    for figures in others:
        folder = archive_of(figures.kind, figures.only).folder
        copy = reports / folder / str(figures.first)
        shutil.copytree(uri.removeprefix("file://"), copy)
        (copy / archive.FIGURES_JSON).write_text(figures.model_dump_json(indent=1))


@cache
def _app():
    from ecommerce.pages.application import create_app

    return create_app()


def application(
    runs=None,
    warehouse=None,
    now=NOW,
):
    """The FastAPI application for a user who may see and restart everything; without a warehouse it cannot
    be reached."""
    from airflow.api_fastapi.core_api.security import get_user

    from ecommerce.core.errors import TransientError
    from ecommerce.pages import access
    from ecommerce.pages.runs import AirflowRuns
    from ecommerce.pages.warehouse_queries import WarehouseQueries

    def opened():
        if warehouse is None:
            raise TransientError("BigQuery cannot be reached")
        return warehouse

    app = _app()
    app.state.warehouse = WarehouseQueries(opened)
    asked = runs or FakeRuns()
    app.dependency_overrides = {
        get_user: lambda: None,
        access.reads_sales: lambda: None,
        access.reads_forecasts: lambda: None,
        access.may_clear: lambda: None,
        access.may_restart: lambda: True,
        access.now: lambda: now,
        AirflowRuns: lambda: asked,
    }
    return app
