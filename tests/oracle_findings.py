"""The findings that the report of a day must have, by the rules of docs/DEFINITIONS.md."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ecommerce.sales.report.figures.model import Figures
from tests.oracle import ZERO
from tests.oracle_day import Expected

Found = Iterator[tuple[str, Any, Any]]
"""What a figure is called, what the report says, what it must say."""


def findings(figures: Figures, true: Expected) -> Found:
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
                *(
                    (hundredfold(number), hundredfold(value))
                    if fine
                    else (number, value)
                ),
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


def hundredfold(value: Decimal | None) -> Decimal | None:
    # Of a rate half a hundredth is not near.
    return None if value is None else value * 100
