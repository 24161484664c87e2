"""Two domains in one warehouse, each with audit rows of its own; and an added source."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.sales.loading import ORDERS
from ecommerce.sources import live_sources
from ecommerce.warehouse.staging_tables import HISTORY
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    at,
    picture,
    rejection,
    staged_rows,
)
from tests.rows import column_of

TUESDAY = date(2026, 3, 3)
FRIDAY = date(2026, 3, 6)
ORDER = Order("1", "2026-03-02 15:00")
LARGER = replace(ORDERS, sources=lambda: (*live_sources(), "marketplace"))
"""Sales after somebody has added a source."""
REJECTED = [{"reason": "missing_value"}]


def refresh(shop):
    """Load a catalogue by a run of the same name as the shop's, with a rejected entry."""
    read_at = at("2026-03-03 06:00")
    rows = {
        "product_pictures": [picture("lamp", read_at)],
        "rejected_rows": [rejection("product_catalogue", MONDAY)],
    }
    manifest = staged_rows(
        CATALOGUE,
        shop.folder,
        rows,
        day=MONDAY,
        read_at=read_at,
    )
    shop.load_staged(
        [manifest],
        spec=CATALOGUE,
        dag_id="catalogue",
    )


def test_runs_of_one_name_in_two_domains_keep_their_rows_and_checks(shop):
    shop.load(Folder([ORDER], rejected=REJECTED))
    refresh(shop)
    shop.load(Folder([ORDER], rejected=REJECTED))

    for table in ("load_audit", "rejected_rows"):
        sources = column_of(shop.rows(table), "source")
        assert sorted(sources) == ["product_catalogue", "sales_db"]


def audit(day, source, status):
    run = {"run_id": "other", "read_at": at("2026-03-04 11:00")}
    return run | {
        "business_date": day,
        "source": source,
        "status": status,
    }


def test_audit_rows_of_another_domain_make_no_day_of_sales_and_are_in_no_report(shop):
    """Tuesday has one order, which is removed, and no run but that of the events."""
    rows = [
        (MONDAY, "web_events", "success"),
        (MONDAY, "forecast", "success"),
        (MONDAY, "old_shop", HISTORY),
        (TUESDAY, "web_events", "success"),
    ]
    shop.insert("load_audit", [audit(*row) for row in rows])
    rejected = [
        rejection(
            source,
            day,
            "other",
            reason=f"of {source}",
        )
        for day, source, _ in rows
    ]
    shop.insert("rejected_rows", rejected)
    bought = replace(ORDER, ordered_at="2026-03-03 15:00")
    others = [
        Folder(source=source) for source in live_sources() if source != "sales_db"
    ]
    shop.load(Folder([bought]), *others)
    orders = shop.by("daily_summary", "business_date", "orders")
    assert orders == {MONDAY: 0, TUESDAY: 1}

    shop.load(
        Folder(
            removed=["1"],
            read_at="2026-03-04 11:00",
        ),
        run_id="next",
    )
    assert shop.by("daily_summary", "business_date", "orders") == {MONDAY: 0}
    quality = shop.quality()
    assert {each.source for each in quality.sources} == {*live_sources(), "old_shop"}
    assert [each.reason for each in quality.rejects] == ["of old_shop"]


def run_of(shop, day, *folders, spec=ORDERS, missing=()):
    """The daily run of `day`: every source has an audit row, whatever its status."""
    read_at = at(f"{day + timedelta(days=1)} 11:00")
    given = {folder.source: folder for folder in folders}
    read = []
    for name in spec.sources():
        if name not in missing:
            folder = given.get(name, Folder(source=name))
            read.append(replace(folder, read_at=read_at))
    options = {"spec": spec, "missing_sources": missing}
    shop.load(
        *read,
        day=day,
        run_id=f"run of {day}",
        **options,
    )


def missing(shop):
    return shop.by("daily_summary", "business_date", "missing_sources")


CHANGED = Folder([replace(ORDER, lines=[("Toys", "1", "12.00")])])


def test_an_added_source_is_not_missing_from_the_days_before(shop, monkeypatch):
    earlier = replace(
        ORDER,
        order_id="0",
        ordered_at="2026-02-20 15:00",
    )
    run_of(
        shop,
        MONDAY,
        Folder([ORDER, earlier]),
        missing=["storefront"],
    )
    never_read = {date(2026, 2, 20): sorted(live_sources())}
    assert missing(shop) == never_read | {MONDAY: ["storefront"]}
    run_of(shop, MONDAY, Folder([ORDER, earlier]))

    # The hourly run after the deployment comes before the first daily one.
    hourly = replace(CHANGED, read_at="2026-03-03 18:00")
    shop.load(
        hourly,
        day=TUESDAY,
        run_id="hourly",
        spec=LARGER,
    )
    assert missing(shop)[MONDAY] == []
    assert missing(shop)[TUESDAY] == sorted(LARGER.sources())

    run_of(
        shop,
        TUESDAY,
        CHANGED,
        spec=LARGER,
        missing=["marketplace"],
    )
    gross = shop.by("daily_summary", "business_date", "gross_sales")
    assert gross[MONDAY] == Decimal(12), "recomputed"
    assert missing(shop)[MONDAY] == []
    assert missing(shop)[TUESDAY] == ["marketplace"]

    # The report names days without a run: days before the source was added have had theirs.
    run_of(shop, FRIDAY, spec=LARGER)
    monkeypatch.setattr("ecommerce.sales.days.quality.ORDERS", LARGER)
    days = shop.quality(FRIDAY).missing_days
    assert days == [
        date(2026, 3, 4),
        date(2026, 3, 5),
    ]
