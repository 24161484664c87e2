"""What is unusual about a day and no driver of its change."""

from operator import itemgetter

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
from tests.unit.sales.tables import records

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


# `days` of the averages, `own` those of the rate where they are fewer.
RATES = """
value  | average | days | own | words                                         | # why
0.08   | 0.05    | 28   |     | returns are 8 % of gross sales (usually 5 %) |
0.01   | 0.05    | 28   |     | returns are 1 % of gross sales (usually 5 %) |
0.0799 | 0.05    | 28   |     | NULL                                        | less than 3 % of gross sales
0.08   | 0.06    | 28   |     | NULL                                        | less than half above it
0.08   | 0.05    | 10   |     | returns are 8 % of gross sales (usually 5 %) |
0.08   | 0.05    | 9    |     | NULL                                        |
0.08   | 0.05    | 28   | 9   | NULL                                        |
0.08   | NULL    | 28   |     | NULL                                        |
"""


@pytest.mark.parametrize("case", records(dict, RATES), ids=str)
def test_a_rate_far_from_its_average_of_ten_days_is_unusual(case):
    own = int(case["own"]) if "own" in case else None
    rates = returns(case["value"], case["average"], own)
    assert words(rates=rates, averaged_days=int(case["days"])) == case["words"]


def test_unusual_discounts():
    rates = {"discount_rate": figure("0.15", average="0.05")}
    assert words(rates=rates) == "discounts are 15 % of gross sales (usually 5 %)"


# Of 1,000; the other returns have no reason.
REASONS = """
reason         | refunds | amount | main reason
arrived_broken | 3       | 500    | yes
arrived_broken | 2       | 500    | no
arrived_broken | 3       | 499    | no
"""


@pytest.mark.parametrize("case", records(dict, REASONS), ids=str)
def test_more_returns_than_usual_have_their_main_reason(case):
    amount = D(case["amount"])
    refunds = int(case["refunds"])
    reasons = [
        ReturnReason(reason=case["reason"], refunds=refunds, amount=amount),
        ReturnReason(reason=None, refunds=9, amount=1000 - amount),
    ]
    found = words(rates=returns("0.15"), return_reasons=reasons)
    start = "returns are 15 % of gross sales (usually 5 %)"
    end = ", 50 % of their amount is “Arrived broken”"
    assert found == start + end * (case["main reason"] == "yes")
    fewer = words(rates=returns("0.01"), return_reasons=reasons)
    assert fewer == "returns are 1 % of gross sales (usually 5 %)"


def test_what_drives_the_change_is_not_stated_again():
    assert words("returns", rates=returns("0.15")) is None
    assert words("Toys", expectation=TOYS) is None


INTERVAL = "the 95 % interval (gross sales of"
SERIES = f"""
series           | actual | verdict      | words
category:Toys    | 5000   | very unusual | Toys is above {INTERVAL} 5,000, forecast 3,000)
channel:sales_db | 1000   | very unusual | Sales database is below {INTERVAL} 1,000, forecast 3,000)
category:Toys    | 5000   | unusual      | NULL
category:Toys    | 3599   | very unusual | NULL
total            | 5000   | very unusual | NULL
"""


@pytest.mark.parametrize("case", records(dict, SERIES), ids=str)
def test_a_series_outside_its_95_per_cent_interval_is_unusual(case):
    """If it is large enough; the first sentence names the forecast of the whole shop."""
    forecast = expected(case["series"], "3000", case["actual"], case["verdict"])
    assert words(expectation=expectation_of(forecast)) == case["words"]


def test_a_channel_that_has_ended_has_not_missed_its_forecast_as_well():
    gone = expected("channel:web", "3000", "0", "very unusual")
    changes = since(channels={"web": (3000, 0)}, ended=["web"])
    assert words(expectation=expectation_of(gone), changes=changes) is None


# All units are 1,000, `clips` of them paper clips.
UNITS = """
clips | sales | week_before | day_before | change
850   | 599   | 500         | 1000       | +100 %
300   | 599   | 666         |            | +50 %
850   | 174   | 2000        |            | MINUS50 %
850   | 174   |             | 500        | +100 %
850   | 174   | 667         |            | NULL
850   | 174   | 1000        | 500        | NULL
850   | 174   |             |            | NULL
299   | 599   | 500         |            | NULL
300   | 600   | 500         |            | NULL
"""


@pytest.mark.parametrize("case", records(dict, UNITS), ids=str)
def test_units_that_one_product_with_hardly_any_sales_has_changed(case):
    clips, sales, change = itemgetter("clips", "sales", "change")(case)
    before = {name: case[name] for name in case if name.endswith("_before")}
    headline = {"net_sales": figure("20000"), "units": figure("1000", **before)}
    product = Product(
        sku="CLIP",
        name="Paper clips, single",
        category="",
        units=D(clips),
        sales=D(sales),
    )
    found = words(most_units=product, headline=headline)
    if change is None:
        assert found is None
        return
    change = change.replace("MINUS", MINUS)
    end = f"are distorted by {clips} Paper clips, single ({sales} USD in all)"
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


def test_implausible_amounts_outweigh_everything_and_concern_half_a_day_too():
    amounts = [implausible("discount", "600")]
    rates = returns("0.55")
    assert unusual(implausible=amounts, rates=rates).kind == "implausible"
    for quality in ({"complete": False}, {"doubtful_sources": ["storefront"]}):
        assert unusual(implausible=amounts, **quality).kind == "implausible"
        assert unusual(rates=rates, **quality) is None


def test_a_day_without_sales_has_implausible_amounts_and_no_rates():
    headline = {"gross_sales": figure("0"), "net_sales": figure("0")}
    assert unusual(implausible=[implausible("refund", "1")], headline=headline)
    assert unusual(expectation=TOYS, headline=headline) is None
