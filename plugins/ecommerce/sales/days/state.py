"""The state of business days in the warehouse, compared with their last mailed reports. The queries read
small tables; only the search for doubtful sources reads orders.

Orders of a complete day may be missing: a source or a partner, named `<source>: <partner>`, has few orders on
a day on which it usually has many.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core.expected_partners import WEEKS, doubtful_partners
from ecommerce.core.headline_figures import HEADLINE, Amounts
from ecommerce.core.values import Values
from ecommerce.reporting.parts import Part
from ecommerce.sales.days.restatements import differ
from ecommerce.sources import PARTNER_FILES
from ecommerce.warehouse.client import Warehouse, connect

FEW = 5
"""Partners whose files have fewer orders may well have a day without any."""


def doubtful_sources(warehouse: Warehouse, day: date) -> list[str]:
    """Return the sources and partners of which orders of `day` may be missing, in alphabetical order: those
    with far fewer sales than usual or than are stored, and the doubtful partners."""
    rows = warehouse.query("report/daily_sales/low_order_counts.sql", business_date=day)
    few = {row["name"] for row in rows}
    return sorted(few.union(doubtful_partners_of(warehouse, day)))


def doubtful_partners_of(warehouse: Warehouse, day: date) -> list[str]:
    """Return the partners whose orders of `day` may be missing, sorted: those that deliver on most days and
    have no file for this day, or a file without orders although their others have `FEW` or more. A missing
    file that was due makes the day incomplete, too."""
    if warehouse.settings.expected_partners is not None:
        return []
    rows = warehouse.query(
        "report/daily_sales/partner_days.sql",
        first=day - timedelta(weeks=WEEKS),
        report_day=day,
    )
    orders = {(row["partner"], row["delivered_for"]): row["orders"] for row in rows}
    with_many = [file for file, count in orders.items() if count >= FEW]
    doubtful = []
    for partner in sorted({partner for partner, _ in orders}):
        # Many orders are usual only where earlier files had them; a file is, where there were files.
        usual = with_many if (partner, day) in orders else orders
        if not orders.get((partner, day)) and partner in doubtful_partners(day, usual):
            doubtful.append(f"{PARTNER_FILES.name}: {partner}")
    return doubtful


class DayState(Part):
    """A business day in the warehouse. `figures` are its headline figures by name (amounts in reporting
    currency), None without a value. The day is `complete` unless a source or a partner's file is in
    `missing_sources`, or a source in `empty_sources`, which unusually has no order. `mail_count`
    counts its mailed reports; `outdated_values` has the values in the last one of figures that have changed
    since."""

    business_date: date
    figures: Amounts
    complete: bool
    missing_sources: list[str] = []
    empty_sources: list[str] = []
    mail_count: int = 0
    outdated_values: Amounts = {}


def load_day_states(warehouse: Warehouse, first: date, last: date) -> list[DayState]:
    """Return the days in the warehouse from `first` to `last`, the earliest first."""
    span: Values = {"first": first, "day": last}
    mailed: dict[date, dict[str, Decimal | None]] = defaultdict(dict)
    for row in warehouse.query("report/day_status/mailed_figures.sql", **span):
        mailed[row["business_date"]][row["figure"]] = row["mailed_value"]
    states = []
    for row in warehouse.query("report/day_status/figures.sql", **span):
        # A shop may add figures that the warehouse does not keep.
        figures = {name: row[name] for name in HEADLINE if name in row}
        outdated = {}
        for name, value in mailed[row["business_date"]].items():
            if name in figures and differ(value, figures[name]):
                outdated[name] = value
        states.append(DayState.of(row, figures=figures, outdated_values=outdated))
    return states


def corrections(
    day: date,
    headline: Amounts,
    warehouse: Warehouse | None = None,
) -> Amounts | None:
    """Return the headline figures of the day's last mailed report in which a report differs from it, in the
    headline's order: none where the reports differ in other figures only, or in whether the day is complete;
    None where no report of the day was mailed. `headline` has the report's figures by their names in
    `HEADLINE`."""
    warehouse = warehouse or connect(step="corrections")
    states = load_day_states(warehouse, day, day)
    if not states or not states[0].mail_count:
        return None
    state = states[0]
    corrected = {}
    for name, stored in state.figures.items():
        mailed = state.outdated_values.get(name, stored)
        if differ(mailed, headline.get(name, stored)):
            corrected[name] = mailed
    return corrected
