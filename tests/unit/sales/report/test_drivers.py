"""Which contributions drive the change of net sales: of one dimension, and each counted once."""

import pytest

from ecommerce.sales.report.texts.drivers import drivers_of
from tests.unit.sales.report.parts import changes_of

CASES = {
    "the three largest are named whatever their sign": (
        {
            "categories": {
                "Kitchen": (4000, 2500),
                "Toys": (1000, 2200),
                "Garden": (3000, 2300),
                "Books": (2000, 2400),
            }
        },
        ["Kitchen -1500", "Toys 1200", "Garden -700"],
    ),
    # The example of docs/DEFINITIONS.md.
    "a spread of 0.93 is smaller than one of 1.03": (
        {
            "categories": {
                "Kitchen": (6000, 7692),
                "Garden": (4100, 3500),
                "Toys": (6020, 7151),
            },
            "channels": {"storefront": (10000, 11300), "sales_db": (6120, 7043)},
        },
        ["Kitchen 1692", "Toys 1131", "Garden -600"],
    ),
    "all of the change in one of two equal countries explains more than categories that rose and fell": (
        {
            "categories": {
                "Kitchen": (4000, 6500),
                "Toys": (4000, 2400),
                "Garden": (2000, 2100),
            },
            "countries": {"US": (5000, 6000), "DE": (5000, 5000)},
        },
        ["United States 1000"],
    ),
    "the channel with nearly all of the change has nearly all sales too": (
        {
            "categories": {"Kitchen": (5000, 4500), "Toys": (5000, 4500)},
            "channels": {"storefront": (9900, 8915), "kiosk": (100, 85)},
        },
        ["Kitchen -500", "Toys -500"],
    ),
    "a dimension with one name explains nothing": (
        {"channels": {"storefront": (10000, 9000)}},
        [],
    ),
    "a dimension without a large contribution does not count": (
        {
            "categories": {"Kitchen": (5000, 4500), "Toys": (5000, 4500)},
            "countries": {"US": (5000, 4701), "DE": (5000, 5000)},
        },
        ["Kitchen -500", "Toys -500"],
    ),
    "three per cent of the day before": (
        {"categories": {"Toys": (5000, 4700), "Kitchen": (5000, 5000)}},
        ["Toys -300"],
    ),
    "less than three per cent of the day before": (
        {"categories": {"Toys": (5000, 4701), "Kitchen": (5000, 5000)}},
        [],
    ),
    "less than three per cent of this day": (
        {"categories": {"Toys": (5000, 5309), "Kitchen": (5000, 5000)}},
        [],
    ),
    "days without sales": ({"categories": {"Toys": (0, 0), "Kitchen": (0, 0)}}, []),
    "fewer discounts": (
        {
            "measures": {
                "gross_sales": (11000, 11000),
                "discounts": (-1500, -500),
                "returns": (-10, -10),
            }
        },
        ["lower discounts 1000"],
    ),
    "gross sales never lead": (
        {
            "measures": {
                "gross_sales": (11000, 19000),
                "discounts": (-900, -1300),
                "returns": (-100, -100),
            },
            "categories": {"Kitchen": (5000, 8800), "Toys": (5000, 8800)},
        },
        ["Kitchen 3800", "Toys 3800"],
    ),
    "returns of whole orders belong to no category": (
        {"categories": {"unallocated": (-100, -400), "Kitchen": (10100, 9600)}},
        ["Kitchen -500"],
    ),
    "a dimension that mostly changed without a name explains nothing": (
        {
            "categories": {"unallocated": (-100, -900), "Kitchen": (10100, 9600)},
            "countries": {"ZZ": (1000, 200), "US": (9000, 8500)},
        },
        [],
    ),
    "a product explains what no dimension does": (
        {
            "categories": {"unallocated": (-100, -900), "Kitchen": (10100, 9600)},
            "products": {
                ("Kitchen", "KNIFE", "Chef's knife"): (3000, 2500),
                ("unallocated", "", ""): (-100, -900),
            },
        },
        ["Chef's knife -500"],
    ),
    "on the first days all customers are new": (
        {"customers": {"new": (10000, 1000), "returning": (0, 11000)}},
        [],
    ),
    "the compared day has no discounts": (
        {
            "measures": {
                "gross_sales": (11000, 11000),
                "discounts": (0, -1500),
                "returns": (-500, -500),
            }
        },
        [],
    ),
    "long names are cut": (
        {
            "categories": {
                "Wohnzimmerbeleuchtung und Außenbereich und mehr": (5000, 4000),
                "Toys": (5000, 5000),
            }
        },
        ["Wohnzimmerbeleuchtung und Außenbereich u… -1000"],
    ),
    "guests": (
        {"customers": {"guests": (1000, 200), "returning": (9000, 9000)}},
        ["guests -800"],
    ),
}
"""The amounts before and now of each dimension's names, and the drivers."""
KNIFE = ("Kitchen", "KNIFE", "Chef's knife")
PRODUCTS = {
    "less than half of the change of its category": (
        KNIFE,
        (3000, 1501),
        "Kitchen -3000",
    ),
    "half of it is named": (KNIFE, (3000, 1500), "Kitchen -3000 of Chef's knife"),
    "less than 80 per cent of it is named": (
        KNIFE,
        (3000, 601),
        "Kitchen -3000 of Chef's knife",
    ),
    "80 per cent of it takes its place": (KNIFE, (3000, 600), "Chef's knife -2400"),
    "more than all of it explains no more than others": (
        KNIFE,
        (3001, 0),
        "Kitchen -3000",
    ),
    "against its category": (KNIFE, (600, 3000), "Kitchen -3000"),
    "without a name it is its SKU": (
        ("Kitchen", "SKU-7", ""),
        (3000, 0),
        "SKU-7 -3000",
    ),
    "of another category": (("Toys", "KNIFE", ""), (3000, 0), "Kitchen -3000"),
    "no product": (("Kitchen", "", ""), (3000, 0), "Kitchen -3000"),
}
"""A product with its amounts, and the driver, where its category Kitchen fell from 5,000 to 2,000."""


def words_of(dimensions):
    """The drivers of a change, each with its change and product."""
    found = []
    for driver in drivers_of(changes_of(**dimensions)):
        words = f"{driver.label} {driver.change}"
        found.append(f"{words} of {driver.product}" if driver.product else words)
    return found


@pytest.mark.parametrize("rule", CASES)
def test_the_drivers_of_a_change(rule):
    dimensions, drivers = CASES[rule]
    assert words_of(dimensions) == drivers


@pytest.mark.parametrize("rule", PRODUCTS)
def test_a_product_explains_its_category(rule):
    product, amounts, driver = PRODUCTS[rule]
    categories = {"Kitchen": (5000, 2000), "Toys": (5000, 5000)}
    assert words_of({"categories": categories, "products": {product: amounts}}) == [
        driver
    ]


def test_a_product_with_less_than_three_per_cent_of_the_day_takes_no_place():
    categories = {"Kitchen": (5000, 4690), "Toys": (5000, 5000)}
    found = words_of({"categories": categories, "products": {KNIFE: (3000, 2710)}})
    assert found == ["Kitchen -310 of Chef's knife"]
