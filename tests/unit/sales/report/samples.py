"""Figures made by hand for the tests of everything that shows them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core.data_warnings import data_warning
from ecommerce.sales.report.figures import model
from ecommerce.sales.report.figures.contributions import Changes, Contribution, Mover
from ecommerce.sales.report.figures.forecast import (
    Expectation,
    Expected,
    Outlook,
    OutlookDay,
    judged,
)
from ecommerce.sales.report.figures.model import (
    Finding,
    MonthToDate,
    ReturnReason,
    Span,
)
from ecommerce.sales.report.figures.quality import (
    Cause,
    CurrencyTotals,
    Provenance,
    Quality,
    Restatement,
    SourceQuality,
    Unconverted,
)
from ecommerce.sales.report.figures.rejected import Rejects, RejectSample
from ecommerce.sales.report.figures.website import (
    Device,
    Step,
    Tracked,
    Viewed,
    Website,
)

DAY = date(2026, 11, 19)
NASTY = [
    'Lamp "Aurora" \\ 12" #1',
    "$x^2$ #set text(red) *bold* _it_ `raw` @ref <label>",
    "שולחן עץ אלון",
    "كرسي مكتب مريح",
    "🎁 Gift box 🎄",
    '=HYPERLINK("http://x")',
    "Supercalifragilisticexpialidocious" * 4,
    "line one\r\nline two\x00\x1b[31m \u202eevil",
    '#include("/etc/passwd") // comment /* */',
    "日本の急須",
]


FINDINGS = [
    Finding(
        kind="unusual_sales",
        about=["category:Kitchen", "very unusual"],
        numbers={
            "actual": Decimal(6015),
            "forecast": Decimal(5100),
            "lower_80": Decimal(4600),
            "upper_80": Decimal(5600),
        },
    ),
    Finding(
        kind="contribution",
        about=["category", "Kitchen", "2026-11-12"],
        numbers={
            "change": Decimal("1692.26"),
            "total_change": Decimal("2222.56"),
            "share": Decimal("0.761401"),
        },
    ),
    Finding(
        kind="unusual_rate",
        about=["return_rate"],
        numbers={
            "rate": Decimal("0.062"),
            "average": Decimal("0.047"),
            "days": Decimal(28),
        },
    ),
]


def breakdown(name: str, net: str, orders: int | None = 10) -> model.Breakdown:
    value = Decimal(net)
    return model.Breakdown(
        name=name,
        orders=orders,
        units=Decimal("12"),
        gross_sales=value + 15,
        discounts=Decimal(10),
        returns=Decimal(5),
        net_sales=value,
    )


def make_figures(**changes: Any) -> model.Figures:
    """An ordinary Thursday; `changes` replace fields, also those of `quality` and `provenance`."""
    headline = {
        "net_sales": ("18342.56", "17011.20", "16120.00", "15500.5", "14210.75"),
        "orders": ("214", "205", "190", "187.4", "171"),
        "average_order_value": ("91.6300", "89.9", "92.10", "90", "88.40"),
        "customers": ("201", "196", "181", "175", "160"),
        "gross_sales": ("20411.06", "18900", "17800", "17000", "15900.25"),
        "discounts": ("802.1", "790", "800", "700", "690"),
        "returns": ("1266.4", "1098.8", "880", "799.5", "999.5"),
        "units": ("409", "391", "366", "350.25", "330"),
        "new_customers": ("64", "60", "71", "60", "80"),
        "returning_customers": ("137", "136", "110", "115", "80"),
        "tax": ("3201.7", "3000", "2950", "2900", "2400"),
        "shipping": ("690", "655.5", "640", "600", "512"),
    }
    values: dict[str, Any] = {
        "business_date": DAY,
        "currency": "USD",
        "headline": {
            name: model.Figure(
                value=Decimal(day),
                day_before=Decimal(before),
                week_before=Decimal(week),
                average=Decimal(mean),
                year_before=Decimal(year),
            )
            for name, (day, before, week, mean, year) in headline.items()
        },
        "averaged_days": 28,
        "trend": trend(),
        "channels": [
            breakdown("storefront", "9800.11", 120),
            breakdown("sales_db", "6542.45", 74),
            breakdown("partner_files", "2000", 20),
        ],
        "categories": [
            breakdown(name, str(6000 - 700 * place), None)
            for place, name in enumerate(
                ["Kitchen", "Lighting", "Garden", "Textiles", "Toys", "uncategorised"]
            )
        ],
        "countries": [
            breakdown(code, str(8000 - 1300 * place), 90 - place)
            for place, code in enumerate(["US", "DE", "GB", "FR", "JP", "ZZ"])
        ],
        "products": [
            model.Product(
                sku=f"SKU-{place:03}",
                name=f"{name} no. {place}",
                category="Kitchen",
                units=Decimal(40 - place),
                sales=Decimal("1900.5") - place * 100,
            )
            for place, name in enumerate(
                ["Teapot", "Desk lamp", "Garden chair", "Blanket", "Wooden train"] * 3
            )
        ],
        "month": month(),
        "changes": changed(),
        "return_reasons": [
            ReturnReason(reason=reason, refunds=refunds, amount=Decimal(amount))
            for reason, refunds, amount in (
                ("wrong size", 9, "512.40"),
                ("damaged on arrival", 6, "402.00"),
                ("not as described", 3, "251.50"),
                (None, 2, "100.50"),
            )
        ],
        "outlook": outlook(),
        "quality": quality(),
        "provenance": provenance(),
    }
    quality_fields = {
        name: changes.pop(name)
        for name in list(changes)
        if name in Quality.model_fields
    }
    values["quality"] = quality(**quality_fields)
    origin = {
        name: changes.pop(name)
        for name in list(changes)
        if name in Provenance.model_fields
    }
    values["provenance"] = provenance(**origin)
    return model.Figures(**{**values, **changes})


def full(**changes: Any) -> model.Figures:
    """As `make_figures`, with everything that a report can have but pictures."""
    values = {"expectation": expectation(), "website": website(), "findings": FINDINGS}
    return make_figures(**{**values, **changes})


def month(last: date = DAY, **changes: Any) -> MonthToDate:
    def span(last: date, net: str | None, orders: int | None) -> Span:
        net_sales = None if net is None else Decimal(net)
        return Span(
            first=last.replace(day=1), last=last, net_sales=net_sales, orders=orders
        )

    before = last.replace(day=1) - timedelta(days=1)
    values: dict[str, Any] = {
        "now": span(last, "331402.18", 3921),
        "last_month": span(
            before.replace(day=min(last.day, before.day)), "318011.02", 3777
        ),
        "last_year": span(
            last.replace(
                year=last.year - 1,
                day=min(last.day, 28) if last.month == 2 else last.day,
            ),
            "270114.90",
            3204,
        ),
    }
    return MonthToDate(**{**values, **changes})


def changed(base: date = DAY - timedelta(days=7), **changes: Any) -> Changes:
    def rows(*all_: tuple[str, str, str]) -> list[Contribution]:
        return [
            Contribution(name=name, before=Decimal(before), now=Decimal(now))
            for name, before, now in all_
        ]

    def movers(*all_: tuple[str, str, str]) -> list[Mover]:
        return [
            Mover(
                sku=f"SKU-{place:03}",
                name=name,
                before=Decimal(before),
                now=Decimal(now),
            )
            for place, (name, before, now) in enumerate(all_)
        ]

    values: dict[str, Any] = {
        "base": base,
        "before": Decimal("16120.00"),
        "now": Decimal("18342.56"),
        "categories": rows(
            ("Kitchen", "4210.40", "5902.66"),
            ("Garden", "3120.00", "2615.30"),
            ("Lighting", "3550.10", "4002.10"),
            ("Textiles", "2404.50", "2790.50"),
            ("Toys", "2500.00", "2715.00"),
            ("uncategorised", "335.00", "317.00"),
        ),
        "countries": rows(
            ("US", "7010.00", "8420.56"),
            ("DE", "4020.00", "4710.00"),
            ("GB", "2600.00", "2290.00"),
            ("FR", "1490.00", "1710.00"),
            ("JP", "0", "212.00"),
            ("ZZ", "1000.00", "1000.00"),
        ),
        "channels": rows(
            ("storefront", "8010.00", "9800.11"),
            ("sales_db", "6210.00", "6542.45"),
            ("northwind", "1900.00", "2000.00"),
        ),
        "rising": movers(
            ("Teapot no. 0", "610.00", "1900.50"),
            ("Desk lamp no. 1", "1210.00", "1800.50"),
            ("Blanket no. 3", "1320.00", "1600.50"),
            ("Wooden train no. 4", "1290.00", "1500.50"),
            ("Teapot no. 5", "1300.00", "1400.50"),
        ),
        "falling": movers(
            ("Garden chair no. 2", "2400.00", "1700.50"),
            ("Garden chair no. 7", "1500.00", "1200.50"),
            ("Watering can", "120.00", "0"),
        ),
    }
    return Changes(**{**values, **changes})


def outlook(last: date = DAY, days: int = 7) -> Outlook:
    week = (15100, 14800, 15600, 17000, 19900, 22100, 20500)
    found = []
    for ahead in range(1, days + 1):
        day = last + timedelta(days=ahead)
        middle = Decimal(week[day.weekday()])
        found.append(
            OutlookDay(
                day=day,
                forecast=middle,
                lower_80=middle - 300 * (4 + ahead),
                upper_80=middle + 320 * (4 + ahead),
            )
        )
    return Outlook(
        made_at=datetime(2026, 11, 16, 5, tzinfo=UTC), model="blend", days=found
    )


def expectation(
    total: tuple[str, str, str, str, str, str] = (
        "18900",
        "17100",
        "20700",
        "15800",
        "22000",
        "20411.06",
    ),
) -> Expectation:
    """Of all sales (forecast, bounds of 80 %, of 95 %, actual) and of three series."""
    rows = {
        "total": total,
        "channel:storefront": ("9100", "8200", "10000", "7600", "10700", "9815.11"),
        "channel:sales_db": ("6400", "5900", "6900", "5400", "7400", "6557.45"),
        "category:Kitchen": ("5100", "4600", "5600", "4300", "5900", "6015"),
    }
    found = []
    for series, values in rows.items():
        forecast, low, high, lowest, highest, actual = map(Decimal, values)
        found.append(
            Expected(
                series=series,
                forecast=forecast,
                lower_80=low,
                upper_80=high,
                lower_95=lowest,
                upper_95=highest,
                actual=actual,
            )
        )
    made_at = datetime(2026, 11, 16, 5, tzinfo=UTC)
    unforecast = ["category:Toys"]
    expectation = Expectation(
        made_at=made_at, model="blend", series=found, unforecast=unforecast
    )
    return judged(expectation, complete=True)


def website() -> Website:
    return Website(
        steps=[
            Step(step=step, sessions=sessions, day_before=before, week_before=week)
            for step, sessions, before, week in (
                ("session", 4812, 4700, 4350),
                ("view_item", 3120, 3100, 2890),
                ("add_to_cart", 611, 590, 560),
                ("begin_checkout", 244, 240, 215),
                ("purchase", 118, 112, 99),
            )
        ],
        bot_sessions=733,
        devices=[
            Device(device="mobile", sessions=3011, purchases=51),
            Device(device="desktop", sessions=1620, purchases=63),
            Device(device="tablet", sessions=181, purchases=4),
        ],
        tracked=[
            Tracked(source="storefront", orders=120, seen=118, usual=Decimal("0.9710"))
        ],
        viewed=[
            Viewed(sku="SKU-900", name="Copper kettle", visitors=88),
            Viewed(sku="SKU-901", name="Cast iron pan", visitors=61),
        ],
    )


def trend(last: date = DAY, days: int = 28) -> list[model.TrendDay]:
    week = (15100, 14800, 15600, 17000, 19900, 22100, 20500)
    return [
        model.TrendDay(
            business_date=last - timedelta(days=back),
            net_sales=Decimal(
                week[(last - timedelta(days=back)).weekday()] + 37 * back % 900
            ),
            orders=200 - back,
            weekday_mean=Decimal(week[(last - timedelta(days=back)).weekday()] + 200),
        )
        for back in range(days - 1, -1, -1)
    ]


def source(name: str, **changes: Any) -> SourceQuality:
    read_at = datetime(2026, 11, 20, 11, 0, 3, tzinfo=UTC)
    values: dict[str, Any] = {
        "source": name,
        "status": "success",
        "read_at": read_at,
        "window_start": read_at - timedelta(days=1),
        "window_end": read_at,
        "rows_read": 5210,
        "rows_accepted": 5207,
        "rows_rejected": 3,
        "rows_superseded": 0,
        "source_orders": 231,
        "orders_loaded": 231,
        "source_amount": Decimal("20500.5500"),
        "amount_loaded": Decimal("20411.0600"),
    }
    return SourceQuality(**{**values, **changes})


def quality(**changes: Any) -> Quality:
    values: dict[str, Any] = {
        "complete": True,
        "missing_sources": [],
        "sources": [
            source("sales_db"),
            source("storefront", rows_rejected=0),
            source("partner_files"),
        ],
        "totals": [
            CurrencyTotals(
                source="partner_files",
                currency="USD",
                source_amount=Decimal("20500.55"),
                loaded_amount=Decimal("20411.06"),
                superseded_amount=Decimal(0),
                rejected_amount=Decimal("12.50"),
                unexplained_amount=Decimal("76.99"),
            )
        ],
        "rejects": [
            Rejects(
                source="partner_files",
                reason="invalid_number",
                rows=3,
                samples=[
                    RejectSample(
                        file="northwind_2026-11-19.csv",
                        line=17,
                        order_id="P-1001",
                        line_number="2",
                        field="unit_price",
                        value="twelve",
                        expected="a number such as 12.50",
                    )
                ],
            )
        ],
        "unconverted": [],
        "missing_days": [],
        "first_loaded": date(2025, 3, 1),
        "fill_command": None,
        "restatements": [],
        "warnings": [
            data_warning(
                "columns_not_read", file="northwind_2026-11-19.csv", columns="gift_note"
            )
        ],
        "limits": [
            "Storefront: an order deleted for good; reconciliation finds it up to 35 days later."
        ],
    }
    return Quality(**{**values, **changes})


def provenance(**changes: Any) -> Provenance:
    values: dict[str, Any] = {
        "dag_id": "daily_sales_pipeline",
        "run_id": "scheduled__2026-11-20T11:00:00+00:00",
        "code_version": "1f2e3d4c",
        "timezone": "America/New_York",
        "window_start": datetime(2026, 11, 19, 5, tzinfo=UTC),
        "window_end": datetime(2026, 11, 20, 5, tzinfo=UTC),
        "generated_at": datetime(2026, 11, 20, 11, 4, 5, tzinfo=UTC),
    }
    return Provenance(**{**values, **changes})


def _nasty_breakdowns(count: int, step: str) -> list[model.Breakdown]:
    return [
        breakdown(
            NASTY[place % len(NASTY)] + f" {place}",
            str(Decimal(step) * (count - place)),
            place,
        )
        for place in range(count)
    ]


def crowded() -> model.Figures:
    """Everything that strains a layout at once: long and hostile names, 40 categories, 12-digit amounts."""
    huge = model.Figure(
        value=Decimal("-123456789012.3456"),
        day_before=Decimal("987654321098.7"),
        week_before=Decimal("0.01"),
        average=Decimal("123456789012.34"),
    )
    ordinary = make_figures()
    return make_figures(
        currency="KWD",
        headline=dict.fromkeys(ordinary.headline, huge),
        channels=_nasty_breakdowns(9, "123456789012.34"),
        categories=[
            *_nasty_breakdowns(39, "98765432109.87"),
            breakdown("Returns only", "-55555555555.55"),
        ],
        countries=[
            breakdown(code, "123456789012.345", 123456)
            for code in ("US", "DE", "GB", "FR", "JP", "ZZ", "XX", "CD", "VC")
        ],
        products=[
            model.Product(
                sku=f"SKU-{name}",
                name=name,
                category=NASTY[(place + 3) % len(NASTY)],
                units=Decimal("1234567.5"),
                sales=Decimal("123456789012.34"),
            )
            for place, name in enumerate(NASTY)
        ],
        complete=False,
        missing_sources=["storefront", "partner_files", "exchange_rates"],
        unconverted=[
            Unconverted(
                currency=code,
                orders=3,
                gross_sales=Decimal("123456789012"),
                discounts=Decimal(0),
                returns=Decimal(0),
                net_sales=Decimal("123456789012"),
            )
            for code in ("JPY", "BRL", "CHF", "SEK", "NOK", "DKK")
        ],
        missing_days=[DAY - timedelta(days=back) for back in range(2, 20)],
        fill_command="make backfill FROM=2026-10-31 TO=2026-11-17",
        restatements=[
            Restatement(
                business_date=DAY - timedelta(days=3 + place),
                figure=figure,
                old=Decimal("123456789012.34"),
                new=Decimal("-123456789012.34"),
                causes=[
                    Cause(
                        kind="changed",
                        source="partner_files",
                        channel="a partner with a long name " * 4,
                        orders=3,
                    ),
                    Cause(
                        kind="removed",
                        source="an export with a long name " * 4,
                        orders=1,
                    ),
                ],
                detected_at=datetime(2026, 11, 20, 11, tzinfo=UTC),
            )
            for place, figure in enumerate(("net_sales", "orders", "returns", "units"))
        ],
        rejects=[
            Rejects(
                source="partner_files",
                reason="malformed_line",
                rows=12345678,
                samples=[
                    RejectSample(
                        file=name * 2,
                        line=10**9,
                        order_id=name,
                        field=name,
                        value=name * 3,
                        expected=name * 4,
                    )
                    for name in NASTY[:3]
                ],
            )
        ],
        sources=[
            source(
                name, rows_read=123456789012, source_amount=Decimal("123456789012.3456")
            )
            for name in ("sales_db", "storefront", "partner_files", "exchange_rates")
        ],
        warnings=[
            data_warning("note", text=each)
            for each in (*NASTY, "a warning that goes on and on " * 20)
        ],
        run_id="manual__2026-11-20T11:00:00.123456+00:00" + "x" * 120,
    )


def noted() -> model.Figures:
    """A day whose average order value leaves orders out."""
    headline = make_figures().headline
    note = "without orders in BRL, which have no exchange rate"
    average = headline["average_order_value"].model_copy(update={"note": note})
    return make_figures(headline={**headline, "average_order_value": average})


def empty_day() -> model.Figures:
    """A closed day on which nothing was sold."""
    nothing = {name: model.Figure(value=Decimal(0)) for name in make_figures().headline}
    nothing["average_order_value"] = model.Figure(value=None)
    return make_figures(
        headline=nothing,
        averaged_days=0,
        trend=[
            model.TrendDay(
                business_date=day.business_date,
                net_sales=None,
                orders=None,
                complete=False,
            )
            for day in trend()[:-1]
        ]
        + [model.TrendDay(business_date=DAY, net_sales=Decimal(0), orders=0)],
        channels=[],
        categories=[],
        countries=[],
        products=[],
        rejects=[],
        warnings=[],
    )
