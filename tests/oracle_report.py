"""What the daily report must say, computed in plain Python from the oracle's orders, lines and refunds.

It follows docs/DEFINITIONS.md and shares no code with the pipeline: `differences(oracle, figures)` recomputes
what a report states of a day, what it compares it with, and the numbers of its findings.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ecommerce.sales.report.figures.model import Figures
from tests.oracle import ZERO, Oracle, Row, rounded

NEARLY = Decimal("0.005")
"""The aggregates round each currency's amount, so that a sum of them may be so far from the rounded sum."""
HEADLINE = (
    *(
        "orders",
        "units",
        "customers",
        "gross_sales",
        "discounts",
        "returns",
        "net_sales",
        "tax",
        "shipping",
    ),
    *("average_order_value", "new_customers"),
)
SECTIONS = {"category": "categories", "country": "countries", "channel": "channels"}

Found = Iterator[tuple[str, Any, Any]]
"""What a figure is called, what the report says, what it must say."""


def differences(oracle: Oracle, figures: Figures) -> list[str]:
    """Where the report of a day says something else than the oracle; empty where it does not."""
    expected = Expected(oracle, figures.business_date)
    parts: tuple[Callable[[Figures, Expected], Found], ...] = (
        *(
            _headline,
            _rates,
            _trend,
            _month,
            _breakdowns,
            _changes,
            _movers,
            _reasons,
            _findings,
        ),
    )
    return [
        f"{name}: {said} instead of {true}"
        for part in parts
        for name, said, true in part(figures, expected)
        if not _same(said, true)
    ]


class Expected:
    """The sums of one day and of those that it is compared with."""

    def __init__(self, oracle: Oracle, day: date) -> None:
        self.oracle, self.day = oracle, day
        self.summary = {
            row["business_date"]: _with_returning(row) for row in oracle.daily_summary
        }
        self.complete = {each for each, row in self.summary.items() if row["complete"]}
        self.averaged = [day - timedelta(back) for back in range(1, 29)]
        candidates = (day - timedelta(back) for back in (7, 1))
        self.base = next((each for each in candidates if each in self.complete), None)

    def of(self, back: int, name: str) -> Decimal | None:
        """A headline figure of a complete day so many days before."""
        then = self.day - timedelta(back)
        return (
            self.summary[then][name]
            if then in self.complete and self.knows(name, then)
            else None
        )

    def knows(self, name: str, day: date) -> bool:
        """Whether customers could be returning on a day: there are complete days with customers before."""
        if name not in {"new_customers", "returning_customers", "repeat_share"}:
            return True
        return any(
            self.summary[each]["customers"] for each in self.complete if each < day
        )

    def mean(self, days: Iterable[date], name: str) -> Decimal | None:
        values = [
            self.summary[each][name]
            for each in days
            if each in self.complete and self.knows(name, each)
        ]
        known = [value for value in values if value is not None]
        return rounded(Decimal(sum(known)) / len(known)) if known else None

    @property
    def excluded(self) -> list[str]:
        """The currencies that one of both compared days cannot convert."""
        days = [self.day, self.base] if self.base else [self.day]
        return sorted({name for day in days for name in self.unconverted(day)})

    @property
    def moved_channels(self) -> tuple[list[str], list[str]]:
        """The live channels that began, and those that ended, since the other day."""
        assert self.base
        began, ended = [], []
        sold: dict[str, set[date]] = defaultdict(set)
        for row in self.oracle.order_lines:
            if (
                row["is_sale"]
                and not row["is_test"]
                and row["business_date"] <= self.day
            ):
                sold[row["channel"]].add(row["business_date"])
        for name, days in sorted(sold.items()):
            recent = {each for each in days if each >= self.base - timedelta(91)}
            week = {
                each for each in recent if self.base - timedelta(7) < each <= self.base
            }
            if self.day in recent and min(recent) > self.base:
                began.append(name)
            if (
                self.base <= max(days) <= self.day - timedelta(3)
                and min(recent) <= self.base
                and len(week) >= 5
            ):
                ended.append(name)
        return began, ended

    def net_by(
        self,
        kind: str,
        day: date,
        currencies: Sequence[str] = (),
        channels: Sequence[str] = (),
    ) -> dict[str, Decimal]:
        """Net sales of a day by category, country or channel, without some currencies and channels."""
        column = {
            "category": "category",
            "country": "country_code",
            "channel": "channel",
        }[kind]
        found: dict[str, Decimal] = defaultdict(Decimal)
        for rows, amount, sign in (
            (self.oracle.order_lines, "amount_after_discount", 1),
            (self.oracle.refunds, "merchandise_amount", -1),
        ):
            for row, value in self._converted(rows, amount, day):
                if row["currency"] not in currencies and row["channel"] not in channels:
                    found[row[column] or "ZZ"] += sign * value
        return found

    def sold(self, day: date) -> dict[str, Decimal]:
        """Sales after discounts of a day by product, without the currencies that are compared on neither."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row, value in self._converted(
            self.oracle.order_lines, "amount_after_discount", day
        ):
            if row["currency"] not in self.excluded:
                found[row["sku"] or row["product_name"]] += value
        return found

    def returned(self) -> dict[str | None, tuple[int, Decimal]]:
        """How many refunds of the day have a reason, and their merchandise."""
        refunds: dict[str | None, set[tuple[str, str]]] = defaultdict(set)
        amounts: dict[str | None, Decimal] = defaultdict(Decimal)
        for row, value in self._converted(
            self.oracle.refunds, "merchandise_amount", self.day
        ):
            if value:
                reason = (row["reason"] or "").strip() or None
                refunds[reason].add((row["source"], row["refund_id"]))
                amounts[reason] += value
        return {reason: (len(refunds[reason]), amounts[reason]) for reason in amounts}

    def unconverted(self, day: date) -> list[str]:
        """The currencies in which something of a day has no rate."""
        return sorted(
            {
                row["currency"]
                for rows, amount in (
                    (self.oracle.order_lines, "amount_after_discount"),
                    (self.oracle.refunds, "merchandise_amount"),
                )
                for row in rows
                if row["business_date"] == day and row["is_sale"] and not row["is_test"]
                if self.oracle.converted(row[amount], row["currency"], day) is None
            }
        )

    def _converted(
        self, rows: Iterable[Row], amount: str, day: date
    ) -> Iterator[tuple[Row, Decimal]]:
        for row in rows:
            if row["business_date"] == day and row["is_sale"] and not row["is_test"]:
                value = self.oracle.converted(row[amount], row["currency"], day)
                if value is not None:
                    yield row, value


def _with_returning(row: Row) -> Row:
    return row | {"returning_customers": row["customers"] - row["new_customers"]}


def _headline(figures: Figures, true: Expected) -> Found:
    for name in (*HEADLINE, "returning_customers"):
        figure = figures.headline[name]
        yield name, figure.value, true.summary[true.day][name]
        for field, back in (
            ("day_before", 1),
            ("week_before", 7),
            ("year_before", 364),
        ):
            yield f"{name}, {field}", getattr(figure, field), true.of(back, name)
        yield f"{name}, average", figure.average, true.mean(true.averaged, name)
    yield (
        "averaged days",
        figures.averaged_days,
        len(true.complete.intersection(true.averaged)),
    )


def _rates(figures: Figures, true: Expected) -> Found:
    day = true.summary[true.day]
    for name, part, whole in (
        ("discount_rate", "discounts", "gross_sales"),
        ("return_rate", "returns", "gross_sales"),
        ("repeat_share", "returning_customers", "customers"),
    ):
        rate = (
            Decimal(day[part]) / day[whole]
            if day[whole] and true.knows(name, true.day)
            else None
        )
        yield f"{name}", _fine(figures.rates[name].value), _fine(rate)
        sums = [
            sum(
                (
                    Decimal(true.summary[each][column])
                    for each in true.averaged
                    if each in true.complete and true.knows(name, each)
                ),
                ZERO,
            )
            for column in (part, whole)
        ]
        average = sums[0] / sums[1] if sums[1] else None
        yield f"{name}, average", _fine(figures.rates[name].average), _fine(average)


def _trend(figures: Figures, true: Expected) -> Found:
    days = [true.day - timedelta(back) for back in range(27, -1, -1)]
    yield "days of the trend", [each.business_date for each in figures.trend], days
    for each in figures.trend:
        row = true.summary.get(each.business_date)
        yield (
            f"trend {each.business_date}",
            each.net_sales,
            row["net_sales"] if row else None,
        )
        same = [each.business_date - timedelta(weeks=weeks) for weeks in (1, 2, 3, 4)]
        yield (
            f"weekday mean {each.business_date}",
            each.weekday_mean,
            true.mean(same, "net_sales"),
        )


def _month(figures: Figures, true: Expected) -> Found:
    month, day = figures.month, true.day
    assert month
    years = {"now": (day.year, day.month), "last_year": (day.year - 1, day.month)}
    years["last_month"] = (
        (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    )
    for name, (year, number) in years.items():
        span = getattr(month, name)
        last = min(day.day, monthrange(year, number)[1])
        days = [date(year, number, each) for each in range(1, last + 1)]
        yield f"{name}, days", (span.first, span.last), (days[0], days[-1])
        for figure in ("net_sales", "orders"):
            there = [
                true.summary[each][figure] for each in days if each in true.summary
            ]
            whole = name == "now" or true.complete.issuperset(days)
            yield (
                f"{name}, {figure}",
                getattr(span, figure),
                sum(there) if whole else None,
            )
        if name == "now":
            yield "unfinished days", month.unfinished, len(set(days) - true.complete)


def _breakdowns(figures: Figures, true: Expected) -> Found:
    for kind, section in SECTIONS.items():
        said = {
            row.name: row.net_sales
            for row in getattr(figures, section)
            if row.net_sales
        }
        yield from _amounts(section, said, true.net_by(kind, true.day))


def _changes(figures: Figures, true: Expected) -> Found:
    changes = figures.changes
    yield "base", changes and changes.base, true.base
    if changes is None or true.base is None:
        return
    yield "currencies left out", changes.unconverted, true.excluded
    yield "channels", (changes.began, changes.ended), true.moved_channels
    total = true.summary[true.day]["net_sales"] - true.summary[true.base]["net_sales"]
    for kind, section in SECTIONS.items():
        said = getattr(changes, section)
        if not true.excluded:
            change = str(sum(each.now - each.before for each in said))
            yield f"changes of {section}, exactly", change, str(total)
        sizes = [abs(each.now - each.before) for each in said]
        yield f"changes of {section}, sorted", sizes, sorted(sizes, reverse=True)
        now = {each.name: each.now for each in said if each.now}
        yield from _amounts(
            f"{section} now", now, true.net_by(kind, true.day, true.excluded)
        )
        before = {each.name: each.before for each in said if each.before}
        yield from _amounts(
            f"{section} before", before, true.net_by(kind, true.base, true.excluded)
        )


def _movers(figures: Figures, true: Expected) -> Found:
    if figures.changes is None or true.base is None:
        return
    before, now = true.sold(true.base), true.sold(true.day)
    for name, sign in (("rising", 1), ("falling", -1)):
        changes = [
            sign * (now.get(sku, ZERO) - before.get(sku, ZERO))
            for sku in {*before, *now}
        ]
        largest = sorted((value for value in changes if value > 0), reverse=True)[:5]
        said = getattr(figures.changes, name)
        yield (
            f"{name}, changes",
            [sign * (each.now - each.before) for each in said],
            largest,
        )
        for each in said:
            yield f"{each.sku} now", each.now, now.get(each.sku, ZERO)
            yield f"{each.sku} before", each.before, before.get(each.sku, ZERO)


def _reasons(figures: Figures, true: Expected) -> Found:
    said = {each.reason: (each.refunds, each.amount) for each in figures.return_reasons}
    expected = true.returned()
    yield "reasons", sorted(map(str, said)), sorted(map(str, expected))
    for reason in said.keys() & expected.keys():
        yield f"refunds, {reason}", said[reason], expected[reason]
    together = sum((each.amount for each in figures.return_reasons), ZERO)
    yield (
        "returns of all reasons, exactly",
        f"{together:.4f}",
        f"{true.summary[true.day]['returns']:.4f}",
    )


def _findings(figures: Figures, true: Expected) -> Found:
    """Which findings there must be, in their order, and their numbers, by the rules of DEFINITIONS."""
    doubtful = (
        figures.quality.doubtful_sources
    )  # taken as they are: by which habits is not in the ledger
    weighed = [("doubtful", doubtful, {})] if doubtful else _weighed(figures, true)
    expected = [*_incomplete(true, figures.quality.empty_sources), *weighed][:3]
    expected.sort(
        key=lambda each: (
            ["missing", "doubtful", "unconverted"].index(each[0]) if doubtful else 0
        )
    )
    said = [(each.kind, each.about) for each in figures.findings]
    yield "findings", said, [(kind, about) for kind, about, _ in expected]
    for finding, (kind, _, numbers) in zip(figures.findings, expected, strict=False):
        yield f"numbers of {kind}", sorted(finding.numbers), sorted(numbers)
        for name, value in numbers.items():
            fine = name in {"share", "rate", "average"}
            number = finding.numbers.get(name)
            yield (
                f"{kind}, {name}",
                *((_fine(number), _fine(value)) if fine else (number, value)),
            )


Expectation = tuple[str, list[str], dict[str, Decimal]]
"""Kind, names and numbers of a finding."""


def _incomplete(true: Expected, empty: list[str]) -> Iterator[Expectation]:
    """The sources that are `empty` are taken as they are, too."""
    day = true.summary[true.day]
    if day["missing_sources"]:
        yield "missing", sorted(day["missing_sources"]), {}
    if empty:
        yield "empty", empty, {}
    if currencies := true.unconverted(true.day):
        yield "unconverted", currencies, {"orders": Decimal(day["unconverted_orders"])}


def _weighed(figures: Figures, true: Expected) -> list[Expectation]:
    if true.day not in true.complete:
        return []
    found = [
        *_unusual_sales(figures, true),
        *_unusual_rates(true),
        *_channels(true),
        *_contributions(true),
    ]
    return [each for _, each in sorted(found, key=lambda pair: -pair[0])]


def _unusual_sales(
    figures: Figures, true: Expected
) -> Iterator[tuple[Decimal, Expectation]]:
    """The forecasts are taken as they are, because they are in no order; so are the parts' sales."""
    series = figures.expectation.series if figures.expectation else []
    actual = {each.series: each.actual for each in series} | {
        "total": true.summary[true.day]["gross_sales"]
    }
    missed, verdicts = {}, {}
    for each in series:
        came = actual[each.series]
        missed[each.series] = abs(came - each.forecast)
        if not each.lower_95 <= came <= each.upper_95:
            verdicts[each.series] = "very unusual"
        elif not each.lower_80 <= came <= each.upper_80:
            verdicts[each.series] = "unusual"
    named = [name for name, verdict in verdicts.items() if name == "total"] or [
        name
        for name, verdict in sorted(verdicts.items(), key=lambda pair: -missed[pair[0]])
        if verdict == "very unusual" and missed[name] >= actual["total"] * 3 / 100 > 0
    ][:1]
    for each in series:
        if each.series in named:
            bounds = {
                name: getattr(each, name)
                for name in ("forecast", "lower_80", "upper_80")
            }
            numbers = {"actual": actual[each.series]} | bounds
            about = [each.series, verdicts[each.series], *true.unconverted(true.day)]
            yield missed[each.series], ("unusual_sales", about, numbers)


def _unusual_rates(true: Expected) -> Iterator[tuple[Decimal, Expectation]]:
    days, day = (
        [each for each in true.averaged if each in true.complete],
        true.summary[true.day],
    )
    for name, part in (("return_rate", "returns"), ("discount_rate", "discounts")):
        sums = [
            sum((true.summary[each][column] for each in days), ZERO)
            for column in (part, "gross_sales")
        ]
        if len(days) < 10 or not sums[1] or not day["gross_sales"]:
            continue
        rate, average = (
            Decimal(day[part]) / day["gross_sales"],
            Decimal(sums[0]) / sums[1],
        )
        beside = abs(rate - average)
        if beside >= Decimal("0.02") and beside >= average / 2:
            numbers = {"rate": rate, "average": average, "days": Decimal(len(days))}
            yield beside * day["gross_sales"], ("unusual_rate", [name], numbers)


def _channels(true: Expected) -> Iterator[tuple[Decimal, Expectation]]:
    if true.base is None:
        return
    there, then = (
        true.net_by("channel", day, true.excluded) for day in (true.day, true.base)
    )
    sums = [
        sum((there.get(name, ZERO) - then.get(name, ZERO) for name in names), ZERO)
        for names in true.moved_channels
    ]
    began, ended = true.moved_channels
    weight = max(map(abs, sums))
    if weight and weight >= abs(sum(then.values(), ZERO)) * 3 / 100:
        about = [
            true.base.isoformat(),
            *(f"began:{name}" for name in began),
            *(f"ended:{name}" for name in ended),
        ]
        yield weight, ("channels", about, {"began": sums[0], "ended": sums[1]})


def _contributions(true: Expected) -> list[tuple[Decimal, Expectation]]:
    if true.base is None:
        return []
    moved = sorted(name for names in true.moved_channels for name in names)
    left_out = [*true.excluded, *(f"channel:{name}" for name in moved)]
    now, before = (
        sum(true.net_by("channel", day, true.excluded, moved).values(), ZERO)
        for day in (true.day, true.base)
    )
    total = now - before
    if not total or abs(total) < abs(before) * 3 / 100:
        return []
    found = []
    for kind in ("category", "channel", "country"):
        there, then = (
            true.net_by(kind, day, true.excluded, moved)
            for day in (true.day, true.base)
        )
        changes = {
            name: there.get(name, ZERO) - then.get(name, ZERO)
            for name in {*there, *then}
        }
        for name in sorted(changes, key=lambda each: -abs(changes[each])):
            share = changes[name] / total
            size = then.get(name, ZERO) / before if before > 0 else ZERO
            if share >= Decimal(1) / 3 and share > size:
                numbers = {
                    "change": changes[name],
                    "total_change": total,
                    "share": share,
                }
                about = [kind, name, true.base.isoformat(), *left_out]
                found.append((abs(changes[name]), ("contribution", about, numbers)))
                break
    return sorted(found, key=lambda pair: -pair[0])[:2]


def _amounts(
    name: str, said: Mapping[str, Decimal], true: Mapping[str, Decimal]
) -> Found:
    some = {each: value for each, value in true.items() if rounded(value)}
    yield name, sorted(said), sorted(some)
    for each in said.keys() & some.keys():
        yield f"{name}, {each}", said[each], some[each]


def _fine(value: Decimal | None) -> Decimal | None:
    # Of a rate half a hundredth is not near.
    return None if value is None else value * 100


def _same(said: Any, true: Any) -> bool:
    if isinstance(said, (Decimal, int)) and isinstance(true, (Decimal, int)):
        return abs(said - true) < NEARLY
    if (
        isinstance(said, Sequence)
        and isinstance(true, Sequence)
        and not isinstance(said, str)
    ):
        return len(said) == len(true) and all(map(_same, said, true))
    return bool(said == true)
