"""Parts of figures, for days of which a test states every number."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.data_warnings import CHECK, data_warning
from ecommerce.reporting.expected_week import ExpectedWeek
from ecommerce.reporting.parts import total
from ecommerce.sales.days.quality import CurrencyTotals, ImplausibleAmount
from ecommerce.sales.report.figures import payments
from ecommerce.sales.report.figures.contributions import (
    FIELDS,
    Changes,
    Contribution,
    LikeForLike,
)
from ecommerce.sales.report.figures.forecast import Expectation, Expected
from ecommerce.sales.report.figures.headline import Figure, Margin
from ecommerce.sales.report.figures.month import Target
from ecommerce.sales.report.figures.outlook import Outlook, OutlookDay
from ecommerce.sales.report.figures.website import Website
from tests.unit.sales.report.samples import (
    DAY,
    archived,
    before,
    changed,
    trend_with,
)

D = Decimal
HOSTILE = "Pot <script>{{ 7 * 7 }} #box[x]"
MONDAY = datetime(2026, 11, 16, 5, tzinfo=UTC)
NOTHING_ELSE = {
    "changes": None,
    "expectation": None,
    "outlook": None,
    "website": None,
    "targets": [],
    "return_reasons": [],
    "most_units": None,
}


def day(value="10000", week_before="10000", *, headline=None, rates=None, **changes):
    """Return a day of these net sales, and those of the week before, of which there is nothing else to state.
    `headline` and `rates` are other figures by name; `changes` as in `samples.full`."""
    figures = dict(archived("full").headline)
    figures["net_sales"] = figure(value, week_before=week_before)
    figures["gross_sales"] = figure("10000")
    figures |= headline or {}
    usual = {}
    for name, rate in archived("full").rates.items():
        usual[name] = rate.model_copy(update={"value": rate.average})
    values = NOTHING_ELSE | {"headline": figures, "rates": usual | (rates or {})}
    return changed(archived("full"), **values | changes)


def figure(value, **bases):
    """Return a headline figure or a rate."""
    known = {}
    for name, base in bases.items():
        known[name] = None if base is None else D(base)
    return Figure(value=D(value), **known)


def contributions(amounts):
    """Return contributions, the largest change first, from the amounts before and now by name; the name of a
    product is its category, SKU and label."""
    rows = []
    for name, (earlier, now) in amounts.items():
        values = {"name": name, "before": D(earlier), "now": D(now)}
        if isinstance(name, tuple):
            parent, sku, label = name
            values |= {"name": sku, "parent": parent, "label": label or None}
        rows.append(Contribution(**values))
    return sorted(rows, key=lambda row: (-abs(row.change), row.name))


def changes_of(**dimensions):
    """Return the change of dimensions, each with amounts as of `contributions`."""
    fields = {}
    for field in FIELDS.values():
        fields[field] = contributions(dimensions.get(field, {}))
    rows = next(filter(None, fields.values()))
    return LikeForLike(before=total(rows, "before"), now=total(rows, "now"), **fields)


def since(like_for_like=None, began=(), ended=(), unconverted=(), **dimensions):
    """Return the change since Thu 12 Nov of `dimensions`; `like_for_like` are those of the channels that
    neither began nor ended."""
    compared = like_for_like and changes_of(**like_for_like)
    return Changes(
        **dict(changes_of(**dimensions)),
        base=before(7),
        rising=[],
        falling=[],
        began=list(began),
        ended=list(ended),
        unconverted=list(unconverted),
        like_for_like=compared,
    )


def expected(
    series="total",
    forecast="1000",
    actual="1000",
    verdict="as expected",
    *,
    near="100",
    far="200",
):
    """Return a forecast whose 80 % interval reaches `near` to both sides, its 95 % interval `far`."""
    middle = D(forecast)
    return Expected(
        series=series,
        forecast=middle,
        lower_80=middle - D(near),
        upper_80=middle + D(near),
        lower_95=middle - D(far),
        upper_95=middle + D(far),
        actual=D(actual),
        verdict=verdict,
    )


def expectation_of(*series, net=None, **values):
    """Return the forecast of a day."""
    return Expectation(
        made_at=MONDAY, model="blend", series=list(series), net=net, **values
    )


def outlook(*forecasts, first=None, **values):
    """Return the forecast net sales of the days from `first`, the next one, on."""
    first = first or DAY + timedelta(days=1)
    days = []
    for ahead, forecast in enumerate(forecasts):
        middle = D(forecast)
        days.append(
            OutlookDay(
                day=first + timedelta(days=ahead),
                forecast=middle,
                lower_80=middle - 9,
                upper_80=middle + 9,
            )
        )
    return Outlook(made_at=MONDAY, model="blend", days=days, net_days=days, **values)


def event_week(**values):
    """Return an outlook whose week of Black Friday is forecast at 140,000."""
    week = outlook(*["20000"] * 7, first=calendar_week(DAY + timedelta(weeks=1))[0])
    values |= {"event": "Black Friday", "net_event_week": week.net_days}
    return outlook("1", net_usual_week=D(100_000), **values)


def target(channel="total", landing="748000"):
    """Return the target of a month."""
    return Target(
        channel=channel,
        target=D(720_000),
        target_to_date=D(554_400),
        expected_share=D("0.77"),
        net_sales=D(590_400),
        landing=D(landing),
        landing_lower_80=D("731000.4"),
        landing_upper_80=D("765000.5"),
    )


CONTRIBUTION_MARGIN = payments.Margin(
    fees=D("1031.42"),
    sales_with_fees=D(30000),
    covered_sales=D(29000),
    contribution=D(11600),
    coverage=D("0.962"),
)
GROSS_MARGIN = Margin(
    sales_with_cost=D(1000), cost_of_goods=D(600), coverage=D("0.9812")
)


def payout(**changes):
    """Return a payout whose payments do not explain 12.00 of it."""
    values = {
        "source": "shopify",
        "payout_id": "8807",
        "issued_on": before(3),
        "currency": "USD",
        "amount": D("4815.16"),
        "orders": 61,
        "charges": D(5000),
        "cost": D(145),
        "unexplained": D(-12),
    }
    return payments.Payout(**values | changes)


def day_with_margins():
    """Return the full day with costs, fees, payouts, and targets of the shop and of a channel."""
    explained = payout(payout_id="8812", currency="EUR", unexplained=D(0))
    return changed(
        archived("full"),
        margin=GROSS_MARGIN,
        contribution_margin=CONTRIBUTION_MARGIN,
        payouts=[explained, payout()],
        targets=[target(), target("storefront")],
    )


AED = {
    "kind": CHECK,
    "found": "1 currency has no rate (for example AED on 2026-11-09)",
    "meaning": "the amounts are in no sum",
    "action": "wait for the rate",
    "weight": 3,
    "days": ["2026-11-09"],
}


def columns_of(file):
    """Return the warning that a column of a file is not read."""
    return data_warning("columns_not_read", file=file, columns="gift_note")


def warnings_of_many_days():
    """Return warnings of a run that loaded other days too; of several files, the same one."""
    warnings = [AED, AED | {"found": "two days", "days": ["2026-11-18", "2026-11-20"]}]
    for day in ("2026-11-17", "2026-11-19"):
        warnings.append(
            data_warning("unknown_status", orders=10, day=day, status="packed")
        )
    for partner in ("acme", "globex", "initech", "umbrella", "wayne"):
        warnings.append(columns_of(f"{partner}_2026-11-19.csv"))
    for number in range(11, 16):
        warnings.append(columns_of(f"acme_2026-11-{number}.csv"))
    for number in range(1, 13):
        finding = {"found": f"finding {number}", "days": [f"2026-10-{number:02}"]}
        warnings.append(AED | finding)
    # The name of a file has no day that exists.
    misnamed = data_warning("misnamed_file", file="x_2026-02-30.csv")
    return [*warnings, misnamed]


def lost(currency, amount):
    """Return the control totals of a source in a currency, of which an amount is not explained."""
    names = ("source", "loaded", "superseded", "rejected")
    amounts = dict.fromkeys((f"{name}_amount" for name in names), D(9))
    return CurrencyTotals(
        source="sales_db", currency=currency, unexplained_amount=D(amount), **amounts
    )


def rare_day():
    """Return a day with what is rare: rates that changed by half a tenth of a point, an average of 12 days,
    costs and fees of too few sales, a target of a channel alone, a series that sold without a forecast, web
    events that are not loaded, the week of an event under way, a day of the trend that is loaded in part, and
    amounts that got lost."""
    known = archived("full")
    returns = known.headline["returns"].model_copy(update={"days": 12})
    changed_rates = zip(known.rates, ("0.1025", "0.0975", "0.1004"), strict=True)
    rates = {name: figure(value, week_before="0.1") for name, value in changed_rates}
    silent = expected("channel:a", "0", "0", near="0", far="0")
    back = expected("channel:b", "0", "5", "very unusual", near="0", far="0")
    nearly = {"coverage": D("0.949")}
    week = ExpectedWeek(first=date(2026, 11, 23), so_far=D(40_000), forecast=D(59_500))
    return changed(
        known,
        headline=known.headline | {"returns": returns},
        rates=rates,
        expectation=expectation_of(silent, back),
        website=Website(),
        targets=[target("storefront")],
        margin=GROSS_MARGIN.model_copy(update={"coverage": D("0.5")}),
        contribution_margin=CONTRIBUTION_MARGIN.model_copy(update=nearly),
        outlook=event_week(expected_week=week),
        trend=trend_with({24: {"net_sales": D(1), "complete": False}}),
        warnings=warnings_of_many_days(),
        # A cent is lost, and less is rounding.
        totals=[lost("USD", "0.01"), lost("EUR", "-0.0099")],
    )


def implausible(kind, excess, order="1001"):
    """Return an amount that changes net sales by `excess` if it is an error."""
    amount = -D(excess) if kind == "negative_discount" else D(excess) + 20
    values = {"amount": amount, "base_amount": D(20), "excess": D(excess)}
    return ImplausibleAmount(kind=kind, source="sales_db", order_id=order, **values)


def hostile_day():
    """Return a day whose drivers have names that no form may take for markup."""
    category = "<b>Töpfe</b> & Co"
    changes = since(
        categories={category: (9000, 4000), "Toys": (1000, 900)},
        products={(category, "POT", HOSTILE): (4000, 100)},
    )
    return day("4900", "10000", changes=changes)
