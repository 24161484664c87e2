"""What is unusual about a day and no driver of its change."""

import pytest

from ecommerce.core.text import MINUS
from ecommerce.sales.report.figures.products import Product
from ecommerce.sales.report.figures.returns import ReturnReason
from ecommerce.sales.report.texts.unusual import most_unusual
from tests.unit.sales.report.parts import (
    D,
    day,
    expectation_of,
    expected,
    figure,
    implausible,
    since,
)

SALES = {"gross_sales": figure("20000"), "units": figure("1000")}
TOYS = expectation_of(expected("category:Toys", "3000", "5000", "very unusual"))


def unusual(*named, headline=None, **changes):
    """Return what is unusual about a day with gross sales of 20,000; `named` are drivers."""
    return most_unusual(day(headline=SALES | (headline or {}), **changes), named)


def words(*named, **changes):
    found = unusual(*named, **changes)
    return found.words if found else None


def returns(value, average="0.05", days=None):
    rate = figure(value, average=average).model_copy(update={"days": days})
    return {"return_rate": rate}


@pytest.mark.parametrize(
    ("value", "average", "days", "own_days", "stated"),
    [
        ("0.08", "0.05", 28, None, "returns are 8 % of gross sales (usually 5 %)"),
        ("0.01", "0.05", 28, None, "returns are 1 % of gross sales (usually 5 %)"),
        ("0.09", "0.06", 28, None, "returns are 9 % of gross sales (usually 6 %)"),
        ("0.0799", "0.05", 28, None, None),
        ("0.08", "0.06", 28, None, None),
        ("0.08", "0.05", 10, None, "returns are 8 % of gross sales (usually 5 %)"),
        ("0.08", "0.05", 9, None, None),
        ("0.08", "0.05", 28, 9, None),
        ("0.08", None, 28, None, None),
    ],
)
def test_a_rate_far_from_its_average_of_ten_days_is_unusual(
    value, average, days, own_days, stated
):
    """`days` of the averages, `own_days` those of the rate where they are fewer."""
    rates = returns(value, average, own_days)
    assert words(rates=rates, averaged_days=days) == stated


def test_unusual_discounts():
    rates = {"discount_rate": figure("0.15", average="0.05")}
    assert words(rates=rates) == "discounts are 15 % of gross sales (usually 5 %)"


@pytest.mark.parametrize(
    ("reason", "refunds", "amount", "is_main"),
    [
        ("arrived_broken", 3, 500, True),
        ("arrived_broken", 2, 500, False),
        ("arrived_broken", 3, 499, False),
    ],
)
def test_more_returns_than_usual_have_their_main_reason(
    reason, refunds, amount, is_main
):
    """Of 1,000; the other returns have no reason."""
    reasons = [
        ReturnReason(reason=reason, refunds=refunds, amount=D(amount)),
        ReturnReason(reason=None, refunds=9, amount=D(1000 - amount)),
    ]
    found = words(rates=returns("0.15"), return_reasons=reasons)
    start = "returns are 15 % of gross sales (usually 5 %)"
    end = ", 50 % of their amount is “Arrived broken”"
    assert found == start + end * is_main
    fewer = words(rates=returns("0.01"), return_reasons=reasons)
    assert fewer == "returns are 1 % of gross sales (usually 5 %)"


def test_what_drives_the_change_is_not_stated_again():
    assert words("returns", rates=returns("0.15")) is None
    assert words("Toys", expectation=TOYS) is None


INTERVAL = "the 95 % interval (gross sales of"


@pytest.mark.parametrize(
    ("series", "actual", "verdict", "stated"),
    [
        (
            "category:Toys",
            "5000",
            "very unusual",
            f"Toys is above {INTERVAL} 5,000, forecast 3,000)",
        ),
        (
            "channel:sales_db",
            "1000",
            "very unusual",
            f"Sales database is below {INTERVAL} 1,000, forecast 3,000)",
        ),
        ("category:Toys", "5000", "unusual", None),
        ("category:Toys", "3599", "very unusual", None),
        ("total", "5000", "very unusual", None),
    ],
)
def test_a_series_outside_its_95_per_cent_interval_is_unusual(
    series, actual, verdict, stated
):
    """If it is large enough; the first sentence names the forecast of the whole shop."""
    forecast = expected(series, "3000", actual, verdict)
    assert words(expectation=expectation_of(forecast)) == stated


def test_a_channel_that_has_ended_has_not_missed_its_forecast_as_well():
    gone = expected("channel:web", "3000", "0", "very unusual")
    changes = since(channels={"web": (3000, 0)}, ended=["web"])
    assert words(expectation=expectation_of(gone), changes=changes) is None


@pytest.mark.parametrize(
    ("clips", "sales", "bases", "change"),
    [
        (850, 599, {"week_before": "500", "day_before": "1000"}, "+100 %"),
        (300, 599, {"week_before": "666"}, "+50 %"),
        (850, 174, {"week_before": "2000"}, f"{MINUS}50 %"),
        (850, 174, {"day_before": "500"}, "+100 %"),
        (850, 174, {"week_before": "667"}, None),
        (850, 174, {"week_before": "1000", "day_before": "500"}, None),
        (850, 174, {}, None),
        (299, 599, {"week_before": "500"}, None),
        (300, 600, {"week_before": "500"}, None),
    ],
)
def test_units_that_one_product_with_hardly_any_sales_has_changed(
    clips, sales, bases, change
):
    """Of 1,000 units, `clips` are paper clips."""
    headline = {"net_sales": figure("20000"), "units": figure("1000", **bases)}
    product = Product(
        sku="CLIP", name="Paper clips", category="", units=D(clips), sales=D(sales)
    )
    found = words(most_units=product, headline=headline)
    if change is None:
        assert found is None
        return
    end = f"are distorted by {clips} Paper clips ({sales} USD in all)"
    assert found == f"units ({change}) {end}"


def test_the_largest_of_several_is_stated():
    found = unusual(rates=returns("0.15"), expectation=TOYS)
    assert (found.kind, found.amount) == ("return_rate", 2000)
    found = unusual(rates=returns("0.1499"), expectation=TOYS)
    assert (found.kind, found.about) == ("series", "Toys")


IMPLAUSIBLE = {
    "discount": "a discount of 620 on 20: net sales are 600 lower",
    "refund": "refunds of 620 on a total of 20: net sales are 600 lower",
    "negative_discount": f"a negative discount of {MINUS}600: net sales are 600 higher",
}


@pytest.mark.parametrize("kind", IMPLAUSIBLE)
def test_an_implausible_amount_of_three_per_cent_of_gross_sales_is_stated(kind):
    found = words(implausible=[implausible(kind, "600")])
    assert found == f"Sales database order 1001 has {IMPLAUSIBLE[kind]}"
    assert words(implausible=[implausible(kind, "599.99")]) is None


def test_implausible_amounts_in_the_direction_of_the_largest_are_added_up():
    amounts = [
        implausible("discount", "400"),
        implausible("negative_discount", "300", "7"),
        implausible("refund", "250", "8"),
    ]
    assert words(implausible=amounts) == (
        "Sales database order 1001 has a discount of 420 on 20 (with 1 like it): "
        "net sales are 650 lower"
    )


def test_implausible_amounts_outweigh_everything():
    found = unusual(implausible=[implausible("discount", "600")], rates=returns("0.55"))
    assert found.kind == "implausible"


def test_a_day_without_sales_has_implausible_amounts_and_no_rates():
    headline = {"gross_sales": figure("0"), "net_sales": figure("0")}
    assert unusual(implausible=[implausible("refund", "1")], headline=headline)
    assert unusual(expectation=TOYS, headline=headline) is None
