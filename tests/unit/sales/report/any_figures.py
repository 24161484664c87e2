"""Figures of any shape that a shop may have: hypothesis chooses the shape, a seed fills it."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from ecommerce.core.data_warnings import data_warning
from ecommerce.sales.report.figures import model
from ecommerce.sales.report.figures.contributions import (
    Changes,
    Contribution,
    LikeForLike,
    Mover,
)
from ecommerce.sales.report.figures.forecast import (
    Expectation,
    Expected,
    Outlook,
    OutlookDay,
    judged,
)
from ecommerce.sales.report.figures.quality import (
    Cause,
    CurrencyTotals,
    Quality,
    RefusedFile,
    Restatement,
    SourceQuality,
    Unconverted,
)
from ecommerce.sales.report.figures.rejected import Rejects, RejectSample
from ecommerce.sales.report.figures.website import (
    STEPS,
    Device,
    Step,
    Tracked,
    Viewed,
    Website,
)
from ecommerce.sales.report.findings import findings_of
from tests.unit.sales.report.samples import DAY, NASTY, provenance

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
COUNTS = (0, 1, 2, 6, 7, 12, 13, 20, 21, 22, 31, 500)
"""Of rows: around the most that a table, a chart or a mail shows."""
NAMES = {
    "plain": ["Kitchen", "Lighting", "Garden"],
    "long": [
        "Teapot with a bamboo handle " * 11,
        "x" * 300,
        "\N{WRAPPED PRESENT} " * 150,
    ],
    "nasty": [
        *NASTY,
        "<b>&amp;</b> {{ 7 * 7 }}",
        "#set page(width: 1pt)",
        "\u200b",
        "%s %d {0}",
    ],
    "empty": ["", " ", "0"],
}
DAYS = (
    "ordinary",
    "nothing",
    "only refunds",
    "only free orders",
    "one order",
    "negative",
    "huge",
)


@dataclass(frozen=True)
class Shape:
    """What a day of a shop looks like."""

    kind: str
    currency: str
    names: str
    categories: int
    channels: int
    countries: int
    others: int
    zeros: bool
    known: bool
    complete: bool
    has_parts: bool
    trend: str
    seed: int


SHAPES = st.builds(
    Shape,
    kind=st.sampled_from(DAYS),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    names=st.sampled_from(sorted(NAMES)),
    categories=st.sampled_from(COUNTS),
    channels=st.sampled_from(COUNTS),
    countries=st.sampled_from(COUNTS),
    others=st.sampled_from(COUNTS[:-2]),
    zeros=st.booleans(),
    known=st.booleans(),
    complete=st.booleans(),
    has_parts=st.booleans(),
    trend=st.sampled_from(["full", "gaps", "nothing", "empty", "zero"]),
    seed=st.integers(0, 2**32),
)


def figures_of(shape: Shape) -> model.Figures:
    """Return the figures of a day of this shape, with its findings."""
    figures = _Drawn(shape).figures()
    return figures.model_copy(update={"findings": findings_of(figures)})


class _Drawn:
    """Values of a shape. A value is often zero, and one that may be absent often is."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.random = random.Random(shape.seed)

    def amount(self) -> Decimal:
        """An amount that a figure of such a day may have."""
        if self.shape.kind == "nothing" or self.random.random() < 0.2:
            return Decimal(0)
        largest = {"huge": 10**13, "negative": 10**6}.get(self.shape.kind, 10**8)
        amount = Decimal(self.random.randint(1, largest)).scaleb(-4)
        return -amount if self.shape.kind == "negative" else amount

    def part(self) -> Decimal:
        """An amount of a part that a shop may not have at all, such as discounts."""
        return Decimal(0) if self.shape.zeros else self.amount()

    def count(self) -> int:
        """A number of orders or rows."""
        if self.shape.kind == "nothing" or self.random.random() < 0.2:
            return 0
        return self.random.choice([1, 2, 17, 10**9])

    def maybe(self, value):
        """The value, or nothing."""
        return value if self.shape.known or self.random.random() < 0.5 else None

    def name(self, place: int) -> str:
        """A name that is like no other."""
        names = NAMES[self.shape.names]
        return f"{names[place % len(names)]}{place or ''}"

    def few(self) -> range:
        """The places of so many rows as other tables have."""
        return range(self.shape.others)

    def figure(self, value: Decimal | None) -> model.Figure:
        """A figure, and what it is compared with."""
        return model.Figure(
            value=value,
            day_before=self.maybe(self.amount()),
            week_before=self.maybe(self.amount()),
            average=self.maybe(self.part()),
            year_before=self.maybe(self.amount()),
            note=self.maybe(self.name(1)),
        )

    def headline(self) -> dict[str, model.Figure]:
        """The headline of a day of this kind."""
        values = {name: self.amount() for name in model.HEADLINE}
        values |= {
            name: Decimal(self.count())
            for name in ("orders", "customers", "new_customers")
        }
        values |= {name: self.part() for name in ("discounts", "tax", "shipping")}
        kind = self.shape.kind
        if kind in ("nothing", "only refunds", "only free orders"):
            values |= dict.fromkeys(values, Decimal(0))
            values["average_order_value"] = None
        if kind == "only refunds":
            values |= {"returns": Decimal("100.5"), "net_sales": Decimal("-100.5")}
        if kind == "only free orders":
            values |= {
                "orders": Decimal(5),
                "units": Decimal(5),
                "average_order_value": Decimal(0),
            }
        if kind == "one order":
            values |= {
                "orders": Decimal(1),
                "customers": Decimal(1),
                "new_customers": Decimal(1),
            }
        return {name: self.figure(value) for name, value in values.items()}

    def breakdown(
        self, rows: int, special: str = "", *, counted: bool = True
    ) -> list[model.Breakdown]:
        """So many rows, the last of them the `special` one."""
        names = [self.name(place) for place in range(rows)]
        if special and names:
            names[-1] = special
        return [
            model.Breakdown(
                name=name,
                orders=self.count() if counted else None,
                units=Decimal(self.count()),
                gross_sales=self.amount(),
                discounts=self.part(),
                returns=self.part(),
                net_sales=self.amount(),
            )
            for name in names
        ]

    def trend(self) -> list[model.TrendDay]:
        """The days up to this one."""
        days = []
        for back in range(0 if self.shape.trend == "empty" else 27, -1, -1):
            loaded = {
                "full": True,
                "zero": True,
                "gaps": self.random.random() < 0.5,
            }.get(self.shape.trend)
            net_sales = self.amount() if loaded else None
            if self.shape.trend == "zero":
                net_sales = Decimal(0)
            days.append(
                model.TrendDay(
                    business_date=DAY - timedelta(days=back),
                    net_sales=net_sales,
                    orders=self.count() if loaded else None,
                    complete=bool(loaded) and self.random.random() < 0.8,
                    weekday_mean=self.maybe(self.amount()),
                )
            )
        return days

    def span(self, first, last, *, known: bool = False) -> model.Span:
        """The sums of some days."""
        known = known or self.random.random() < 0.5
        return model.Span(
            first=first,
            last=last,
            net_sales=self.amount() if known else None,
            orders=self.count() if known else None,
            days_without_sales=self.random.choice([0, 1, 4]),
        )

    def month(self) -> model.MonthToDate:
        """The month so far."""
        return model.MonthToDate(
            now=self.span(DAY.replace(day=1), DAY, known=True),
            unfinished=self.random.choice([0, 1, 18]),
            last_month=self.span(DAY.replace(month=10, day=1), DAY.replace(month=10)),
            last_year=self.span(DAY.replace(year=2025, day=1), DAY.replace(year=2025)),
        )

    def forecast(self) -> dict[str, Decimal]:
        """A forecast within its intervals."""
        middle = abs(self.amount())
        width = abs(self.part())
        bounds = {
            "lower_80": max(middle - width, Decimal(0)),
            "upper_80": middle + width,
        }
        return {"forecast": middle, **bounds}

    def expectation(self) -> Expectation:
        """The day's forecast, by series."""
        names = ["total", *(f"category:{self.name(place)}" for place in self.few())]
        if self.random.random() < 0.1:
            names = []
        series = []
        for name in names:
            forecast = self.forecast()
            bounds = {
                "lower_95": forecast["lower_80"] / 2,
                "upper_95": forecast["upper_80"] * 2,
            }
            series.append(
                Expected(series=name, actual=self.amount(), **forecast, **bounds)
            )
        expectation = Expectation(
            made_at=NOW,
            model=self.name(0),
            series=series,
            unforecast=[f"channel:{self.name(place)}" for place in self.few()],
            without=["BRL"] if self.random.random() < 0.3 else [],
        )
        judgement = judged(expectation, complete=self.shape.complete)
        assert judgement is not None
        return judgement

    def outlook(self) -> Outlook:
        """The coming days."""
        ahead = range(1, self.random.choice([1, 2, 7]) + 1)
        days = [
            OutlookDay(day=DAY + timedelta(days=day), **self.forecast())
            for day in ahead
        ]
        event = self.maybe(
            self.random.choice(["Black Friday", "Labor Day", self.name(0)])
        )
        last_week = self.maybe(self.amount())
        # Reports of earlier versions have an event without its week.
        more = (
            {"event_week": days[:1] * 7, "usual_week": self.maybe(self.amount())}
            if event
            else {}
        )
        if self.random.random() < 0.3:
            more = {}
        return Outlook(
            made_at=NOW,
            model="blend",
            days=days,
            event=event,
            last_week=last_week,
            **more,
        )

    def contributions(self) -> LikeForLike:
        """The change of both days by dimension."""
        rows = {}
        sizes = {
            "categories": self.shape.categories,
            "countries": self.shape.countries,
            "channels": self.shape.channels,
        }
        for plural, size in sizes.items():
            rows[plural] = [
                Contribution(
                    name=self.name(place), before=self.part(), now=self.amount()
                )
                for place in range(size)
            ]
        return LikeForLike(before=self.amount(), now=self.amount(), **rows)

    def mover(self, place: int) -> Mover:
        """A product on both days."""
        name = self.maybe(self.name(place))
        return Mover(
            sku=self.name(place), name=name, before=self.part(), now=self.amount()
        )

    def changes(self) -> Changes:
        """What changed since the week before."""
        names = [self.name(place) for place in range(min(self.shape.channels, 3))]
        return Changes(
            **dict(self.contributions()),
            base=DAY - timedelta(days=7),
            rising=list(map(self.mover, range(self.random.choice([0, 1, 5])))),
            falling=list(map(self.mover, range(self.random.choice([0, 1, 5])))),
            unconverted=["BRL"] if self.random.random() < 0.3 else [],
            began=names[:1],
            ended=names[1:],
            like_for_like=self.maybe(self.contributions()),
        )

    def website(self) -> Website:
        """A day of the website."""
        if self.random.random() < 0.2:
            return Website()
        steps = [
            Step(
                step=step,
                sessions=self.count(),
                day_before=self.maybe(0),
                week_before=self.maybe(9),
            )
            for step in STEPS
        ]
        few = self.few()
        viewed = [
            Viewed(sku=self.name(at), name=self.maybe(self.name(at)), visitors=0)
            for at in few
        ]
        return Website(
            steps=steps[: self.random.choice([1, 3, 5])],
            bot_sessions=self.count(),
            devices=[
                Device(device=self.name(at), sessions=self.count(), purchases=0)
                for at in few
            ],
            tracked=[
                Tracked(
                    source="storefront",
                    orders=self.count(),
                    seen=0,
                    usual=self.maybe(Decimal(1)),
                )
            ],
            viewed=viewed,
        )

    def unconverted(self, currency: str) -> Unconverted:
        """Amounts without a rate."""
        return Unconverted(
            currency=currency,
            orders=self.count(),
            gross_sales=self.amount(),
            discounts=self.part(),
            returns=self.part(),
            net_sales=self.amount(),
        )

    def restatement(self, place: int) -> Restatement:
        """A mailed figure that has changed."""
        cause = Cause(
            kind="late",
            source=self.random.choice(["sales_db", "old shop"]),
            orders=self.count(),
        )
        return Restatement(
            business_date=DAY - timedelta(days=place),
            figure=self.random.choice(sorted(model.HEADLINE)),
            old=self.maybe(self.amount()),
            new=self.maybe(self.amount()),
            causes=[cause] if self.random.random() < 0.7 else [],
            detected_at=NOW,
        )

    def source(self, name: str) -> SourceQuality:
        """The latest read of a source, which may have failed before it read anything."""
        counts = (
            "rows_read",
            "rows_accepted",
            "rows_rejected",
            "rows_superseded",
            "source_orders",
        )
        instants = ("read_at", "window_start", "window_end")
        return SourceQuality(
            source=name,
            status=self.random.choice(["success", "failed", "off"]),
            orders_loaded=self.maybe(self.count()),
            source_amount=self.maybe(self.amount()),
            amount_loaded=self.maybe(self.amount()),
            **{field: self.maybe(NOW) for field in instants},
            **{field: self.maybe(self.count()) for field in counts},
        )

    def rejects(self, place: int) -> Rejects:
        """Rejected rows, also such of which nothing is known."""
        fields = (
            "file",
            "order_id",
            "line_number",
            "record",
            "field",
            "value",
            "expected",
        )
        samples = [
            RejectSample(**{name: self.maybe(self.name(place)) for name in fields}),
            RejectSample(),
        ]
        reason = self.random.choice(["invalid_number", "unheard_of"])
        return Rejects(
            source=self.name(place), reason=reason, rows=self.count(), samples=samples
        )

    def quality(self) -> Quality:
        """How far the day can be trusted."""
        complete = self.shape.complete
        names = [f"partner_files: {self.name(place)}" for place in self.few()]
        totals = [
            CurrencyTotals(
                source="partner_files",
                currency=currency,
                source_amount=self.amount(),
                loaded_amount=self.amount(),
                superseded_amount=self.part(),
                rejected_amount=self.part(),
                unexplained_amount=self.part(),
            )
            for currency in ("USD", "JPY", "")
        ]
        refused = [
            RefusedFile(file=f"{each}_2026-11-19.csv", detail=each, is_loaded=False)
            for each in names
        ]
        return Quality(
            complete=complete,
            missing_sources=[] if complete else names,
            empty_sources=[] if complete else ["storefront"],
            doubtful_sources=names if self.random.random() < 0.3 else [],
            refused_files=refused,
            sources=[self.source(name) for name in ("sales_db", self.name(0))],
            totals=totals if self.shape.has_parts else [],
            rejects=list(map(self.rejects, self.few())),
            unconverted=[self.unconverted(each) for each in ("BRL", "JPY", "KWD")]
            if self.maybe(1)
            else [],
            missing_days=[DAY - timedelta(days=place + 1) for place in self.few()],
            first_loaded=self.maybe(DAY - timedelta(days=90)),
            fill_command=self.maybe("make backfill"),
            restatements=list(map(self.restatement, self.few())),
            warnings=[
                data_warning("note", text=self.name(place)) for place in self.few()
            ],
            limits=[self.name(0)] if self.shape.known else [],
        )

    def implausible(self) -> list[model.ImplausibleAmount]:
        """Amounts that look like errors."""
        kinds = ("discount", "negative_discount", "refund")
        return [
            model.ImplausibleAmount(
                kind=self.random.choice(kinds),
                source="storefront",
                order_id=self.name(place),
                amount=self.amount(),
                base_amount=self.amount(),
                excess=self.amount(),
            )
            for place in self.few()
        ]

    def figures(self) -> model.Figures:
        """Everything of the day."""
        shape = self.shape
        parts = {}
        if shape.has_parts:
            parts = {
                "website": self.maybe(self.website()),
                "expectation": self.maybe(self.expectation()),
                "outlook": self.maybe(self.outlook()),
                "changes": self.maybe(self.changes()),
                "month": self.maybe(self.month()),
                "implausible": self.implausible(),
            }
        products = []
        for place in range(min(shape.categories, 20)):
            name, category = self.maybe(self.name(place)), self.maybe(self.name(place))
            numbers = {"units": Decimal(self.count()), "sales": self.part()}
            products.append(
                model.Product(
                    sku=self.name(place), name=name, category=category, **numbers
                )
            )
        reasons = [
            model.ReturnReason(
                reason=self.maybe(self.name(at)),
                refunds=self.count(),
                amount=self.part(),
            )
            for at in range(shape.countries)
        ]
        return model.Figures(
            business_date=DAY,
            currency=shape.currency,
            headline=self.headline(),
            averaged_days=self.random.choice([0, 1, 28]),
            averaged_days_without_sales=self.random.choice([0, 1, 4]),
            trend=self.trend(),
            channels=self.breakdown(shape.channels),
            categories=self.breakdown(shape.categories, "unallocated", counted=False),
            countries=self.breakdown(shape.countries, "ZZ"),
            attribute=self.maybe(self.name(0).strip() or "channel"),
            attributes=self.breakdown(shape.others),
            products=products,
            return_reasons=reasons,
            quality=self.quality(),
            provenance=provenance(),
            **parts,
        )
