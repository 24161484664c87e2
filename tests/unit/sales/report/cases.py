"""The days that a layout has to bear, by name.

`PYTHONPATH=plugins python -m tests.unit.sales.report.cases <folder> [case …]` writes the report of each, with
a picture of page one, for people to look at.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir
from types import MappingProxyType
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures import model
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.figures.model import MonthToDate, ReturnReason, Span
from ecommerce.sales.report.figures.quality import Cause, Restatement, Unconverted
from tests.unit.sales.report import samples
from tests.unit.sales.report.samples import DAY, breakdown, full, make_figures

LONG = "Hand-thrown stoneware teapot with a bamboo handle, glazed in celadon, for six cups, with strainer "
SCRIPTS = (
    (LONG * 3)[:200],
    "南部鉄器の急須 茶こし付き 一番人気の贈り物",
    "إبريق شاي من الخزف المصنوع يدويا مع مقبض",
    "שולחן עץ אלון מלא בעבודת יד",
    "🎁 Gift box 🎄 with ribbon",
    "Фарфоровый чайник ручной работы",
    "瓷器茶壶",
    "Äpfel & Öl, Übergröße",
)


def normal() -> model.Figures:
    """A day with everything."""
    return pictured(full())


def nothing_sold() -> model.Figures:
    """A closed day in the middle of ordinary ones."""
    ordinary = make_figures()
    headline = {
        name: figure.model_copy(
            update={"value": None if name == "average_order_value" else Decimal(0)}
        )
        for name, figure in ordinary.headline.items()
    }
    days = [
        *samples.trend()[:-1],
        model.TrendDay(business_date=DAY, net_sales=Decimal(0), orders=0),
    ]
    nothing: dict[str, Any] = {
        name: [] for name in ("channels", "categories", "countries", "products")
    }
    changed = samples.changed(now=Decimal(0), rising=[])
    gone = {
        kind: [
            row.model_copy(update={"now": Decimal(0)}) for row in getattr(changed, kind)
        ]
        for kind in ("categories", "countries", "channels")
    }
    return make_figures(
        headline=headline,
        trend=days,
        changes=changed.model_copy(update=gone),
        return_reasons=[],
        **nothing,
    )


def first_day() -> model.Figures:
    """The first day that is ever loaded: nothing to compare with, nothing forecast."""
    headline = {
        name: model.Figure(value=figure.value)
        for name, figure in make_figures().headline.items()
    }
    days = [
        model.TrendDay(
            business_date=day.business_date, net_sales=None, orders=None, complete=False
        )
        for day in samples.trend()[:-1]
    ]
    october, year_before = (
        Span(first=day.replace(day=1), last=day, net_sales=None, orders=None)
        for day in (DAY.replace(month=10), DAY.replace(year=2025))
    )
    now = Span(
        first=date(2026, 11, 1), last=DAY, net_sales=Decimal("18342.56"), orders=214
    )
    return make_figures(
        headline=headline,
        averaged_days=0,
        trend=[*days, samples.trend()[-1].model_copy(update={"weekday_mean": None})],
        month=MonthToDate(
            now=now, unfinished=18, last_month=october, last_year=year_before
        ),
        changes=None,
        outlook=None,
        first_loaded=DAY,
    )


def loaded_for_ten_days() -> model.Figures:
    """A young warehouse: the first days of the trend were never loaded."""
    days = [
        day
        if DAY - day.business_date < timedelta(days=10)
        else model.TrendDay(
            business_date=day.business_date, net_sales=None, orders=None, complete=False
        )
        for day in samples.trend()
    ]
    headline = {
        name: figure.model_copy(update={"year_before": None})
        for name, figure in make_figures().headline.items()
    }
    return make_figures(
        trend=days,
        averaged_days=9,
        headline=headline,
        first_loaded=DAY - timedelta(days=9),
    )


def source_missing() -> model.Figures:
    """The storefront could not be read."""
    return full(
        expectation=None,
        complete=False,
        missing_sources=["storefront"],
        trend=[
            *samples.trend()[:-1],
            samples.trend()[-1].model_copy(update={"complete": False}),
        ],
        missing_days=[DAY - timedelta(days=4)],
        fill_command="make backfill FROM=2026-11-15 TO=2026-11-15",
    )


def partner_missing() -> model.Figures:
    """A partner that was due has not delivered."""
    return full(
        complete=False,
        missing_sources=["partner_files: alpenmarkt"],
        trend=[
            *samples.trend()[:-1],
            samples.trend()[-1].model_copy(update={"complete": False}),
        ],
    )


def restated() -> model.Figures:
    """Mailed figures of three days have changed."""
    rows = (
        (1, "net_sales", "18716.13", "20373.40"),
        (1, "orders", "198", "211"),
        (1, "new_customers", "60", "66"),
        (2, "returns", "880.00", "1012.50"),
        (2, "net_sales", "16120.00", "15987.50"),
        (9, "net_sales", "15500.00", "15620.00"),
    )
    return full(
        restatements=[
            Restatement(
                business_date=DAY - timedelta(days=back),
                figure=figure,
                old=Decimal(old),
                new=Decimal(new),
                causes=[
                    Cause(
                        kind="late",
                        source="partner_files",
                        channel="alpenmarkt",
                        orders=13,
                    )
                ],
                detected_at=samples.provenance().generated_at,
            )
            for back, figure, old, new in rows
        ]
    )


def three_currencies() -> model.Figures:
    """Orders in three currencies have no exchange rate."""
    headline = dict(make_figures().headline)
    note = "without orders in BRL, JPY and KWD, which have no exchange rate"
    average = headline["average_order_value"].model_copy(update={"note": note})
    return full(
        headline={**headline, "average_order_value": average},
        unconverted=[
            Unconverted(
                currency=currency,
                orders=orders,
                gross_sales=Decimal(gross),
                discounts=Decimal(0),
                returns=Decimal(0),
                net_sales=Decimal(gross),
            )
            for currency, orders, gross in (
                ("BRL", 9, "4210.50"),
                ("JPY", 3, "182300"),
                ("KWD", 2, "121.255"),
            )
        ],
    )


def long_names() -> model.Figures:
    """Names of 200 characters, in Japanese, in Arabic, and with pictures."""
    ordinary = pictured(full())
    assert ordinary.changes
    products = [
        each.model_copy(
            update={
                "name": SCRIPTS[place % len(SCRIPTS)],
                "category": SCRIPTS[(place + 1) % 3],
            }
        )
        for place, each in enumerate(ordinary.products)
    ]
    renamed = {
        field: [
            each.model_copy(update={"name": SCRIPTS[place % len(SCRIPTS)]})
            for place, each in enumerate(getattr(ordinary.changes, field))
        ]
        for field in ("rising", "falling", "categories")
    }
    return ordinary.model_copy(
        update={
            "products": products,
            "categories": [
                breakdown(name, str(6000 - 700 * at), None)
                for at, name in enumerate(SCRIPTS)
            ],
            "changes": ordinary.changes.model_copy(update=renamed),
        }
    )


def many_categories() -> model.Figures:
    """500 categories with a forecast and 90 without, 60 partners, 120 countries, 300 reasons of returns."""
    codes = [f"{first}{second}" for first in "ABCDEFGHIJ" for second in "ABCDEFGHIJKL"]
    changed = samples.changed(
        categories=[
            Contribution(
                name=f"Category {at:03}",
                before=Decimal(900 - at),
                now=Decimal(1000 - at) + at % 7,
            )
            for at in range(500)
        ]
    )
    known = samples.expectation()
    (kitchen,) = (each for each in known.series if each.series == "category:Kitchen")
    expectation = known.model_copy(
        update={
            "series": known.series
            + [
                kitchen.model_copy(update={"series": f"category:Category {at:03}"})
                for at in range(500)
            ],
            "unforecast": [f"category:New category {at:02}" for at in range(90)],
        }
    )
    return full(
        expectation=expectation,
        return_reasons=[
            ReturnReason(
                reason=f"The {at}th is not what I thought",
                refunds=1,
                amount=Decimal(400 - at),
            )
            for at in range(300)
        ],
        channels=[breakdown(f"partner {at:02}", str(900 - at)) for at in range(60)],
        categories=[
            breakdown(f"Category {at:03}", str(1000 - at), None) for at in range(500)
        ],
        countries=[breakdown(code, str(800 - at)) for at, code in enumerate(codes)],
        changes=changed,
    )


def small_shop() -> model.Figures:
    """One product, sold once, and hardly anything else to show."""
    one = make_figures()
    return make_figures(
        channels=one.channels[:1],
        categories=one.categories[:1],
        countries=one.countries[:1],
        products=one.products[:1],
        changes=samples.changed(
            categories=one.changes.categories[:1],
            countries=[],
            channels=[],
            rising=[],
            falling=[],
        ),
        return_reasons=[],
        outlook=None,
        rejects=[],
        warnings=[],
        sources=one.quality.sources[:1],
    )


def nothing_yet() -> model.Figures:
    """The first day that is ever loaded, without a sale."""
    return samples.empty_day().model_copy(
        update={"changes": None, "outlook": None, "return_reasons": [], "month": None}
    )


def big_shop() -> model.Figures:
    """Long SKUs, compound nouns, paths as categories, returns of whole orders, and many warnings."""
    ordinary = pictured(full())
    skus = [f"NORDSTERN-TEEKANNE-STEINZEUG-{1200 + place}ML" for place in range(15)]
    sorts = (
        "Wohnzimmerbeleuchtung/Außenbereich", "Küche & Esszimmer", "Gartenmöbelauflagen", "Heimtextilien",
        "Kinderzimmereinrichtung", "Aufbewahrungslösungen", "Werkzeug", "unallocated",
    )  # fmt: skip
    nets = ("6000", "5300", "4600", "3900", "3200", "90", "60", "-796.01")
    befores = ("5000", "5100", "4700", "3900", "3300", "85", "70", "-10.02")
    assert ordinary.changes
    changed = ordinary.changes.model_copy(
        update={
            "categories": [
                Contribution(name=name, before=Decimal(before), now=Decimal(net))
                for name, before, net in zip(sorts, befores, nets, strict=True)
            ]
        }
    )
    return ordinary.model_copy(
        update={
            "categories": [
                breakdown(name, net, None)
                for name, net in zip(sorts, nets, strict=True)
            ],
            "changes": changed,
            "products": [
                each.model_copy(
                    update={
                        "sku": sku,
                        "name": f"Geschirrspülmaschinenfeste Teekanne {sku[-6:]}",
                        "category": sorts[place % 6],
                    }
                )
                for place, (each, sku) in enumerate(
                    zip(ordinary.products, skus, strict=True)
                )
            ],
            "quality": samples.quality(
                warnings=[
                    data_warning(
                        "columns_not_read",
                        file=f"northwind-marketplace_2026-11-{day:02}.csv",
                        columns="gift_note",
                    )
                    for day in range(1, 18)
                ]
            ),
        }
    )


def leap_day() -> model.Figures:
    """The 29th of February: last year has none."""
    return on(date(2028, 2, 29))


def spring_forward() -> model.Figures:
    """A day of 23 hours."""
    return on(date(2026, 3, 8))


def fall_back() -> model.Figures:
    """A day of 25 hours."""
    return on(date(2026, 11, 1))


def strained() -> model.Figures:
    """Everything at once that takes room on page one."""
    return full(
        findings=[samples.FINDINGS[0]] * 3,
        complete=False,
        missing_sources=[
            "storefront",
            "exchange_rates",
            "partner_files: alpenmarkt",
            "partner_files: northwind",
        ],
        unconverted=three_currencies().quality.unconverted,
        restatements=restated().quality.restatements,
        website=samples.website().model_copy(update={"steps": []}),
        categories=long_names().categories,
        products=long_names().products,
    )


def pictured(figures: model.Figures) -> model.Figures:
    """With a picture of every other product."""
    assert figures.changes
    folder = Path(gettempdir()) / "report-pictures"
    folder.mkdir(exist_ok=True)

    def with_picture(place: int, each: Any) -> Any:
        path = folder / f"{each.sku}.png"
        if not path.exists():
            path.write_bytes(_drawn(place))
        return (
            each.model_copy(update={"thumbnail": path.as_uri()}) if place % 3 else each
        )

    products, rising, falling = (
        [with_picture(place, each) for place, each in enumerate(rows)]
        for rows in (figures.products, figures.changes.rising, figures.changes.falling)
    )
    changed = figures.changes.model_copy(update={"rising": rising, "falling": falling})
    return figures.model_copy(update={"products": products, "changes": changed})


def _drawn(number: int) -> bytes:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (96, 96), (238, 240, 242))
    ImageDraw.Draw(picture).ellipse(
        (14, 20, 82, 84), fill=(70 + 12 * number, 120, 200 - 10 * number)
    )
    stream = BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def on(day: date) -> model.Figures:
    """An ordinary `day`."""
    base = day - timedelta(days=7)
    largest = samples.FINDINGS[1]
    window = day_window(day, "America/New_York")
    return full(
        findings=[
            largest.model_copy(update={"about": [*largest.about[:2], base.isoformat()]})
        ],
        window_start=window.start,
        window_end=window.end,
        business_date=day,
        trend=samples.trend(day),
        month=samples.month(day),
        changes=samples.changed(base),
        outlook=samples.outlook(day),
    )


CASES: Mapping[str, Callable[[], model.Figures]] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            normal,
            nothing_sold,
            first_day,
            loaded_for_ten_days,
            source_missing,
            partner_missing,
            restated,
            three_currencies,
            long_names,
            many_categories,
            small_shop,
            nothing_yet,
            big_shop,
            leap_day,
            spring_forward,
            fall_back,
            strained,
            samples.crowded,
        )
    }
)


def main(folder: Path, names: list[str]) -> None:
    """Write the report of each case, or of those with `names`, into a folder of its own."""
    for name in names or CASES:
        (folder / name).mkdir(parents=True, exist_ok=True)
        archive.write_document(CASES[name](), folder / name)
        print(folder / name / archive.PDF)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
