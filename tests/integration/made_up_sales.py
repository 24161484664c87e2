"""Sales of a shop whose pattern is known, put into the warehouse as loads leave them, without any run."""

from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare
from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse.loadable import daily_sales, daily_summary, days_from
from tests.integration.warehouse_contents import deployment
from tests.settings import add_environment

WEEK = (80, 90, 100, 110, 140, 160, 120)
CATEGORIES = ("Kitchen", "Garden", "Textiles")


def amount(day, place):
    """What the category of that place brings on a day; every day is a little different."""
    return WEEK[day.weekday()] * (place + 1) + (day.toordinal() * 7 + place) % 11


def total(day):
    """What all categories bring on a day."""
    return sum(amount(day, place) for place in range(len(CATEGORIES)))


def sell(shop, first, days, *, runs=True):
    """Sales of `days` days from `first` on, in one channel; with `runs`, each had its daily run."""
    traded = days_from(first, days)
    sales = []
    summaries = []
    for day in traded:
        for place, category in enumerate(CATEGORIES):
            sold = daily_sales(day, "sales_db", amount(day, place), category=category)
            sales.append(sold | {"channel": "web"})
        summaries.append(daily_summary(day, total(day)))
    shop.insert("daily_sales", sales)
    shop.insert("daily_summary", summaries)
    if runs:
        shop.ran(traded)


def open_shop(emulator, folder, monkeypatch, dataset, **further):
    """Let this process be a deployment with `further` settings, and create the tables of its warehouse."""
    settings = deployment(emulator, folder, dataset) | {"HOLIDAYS": "US"} | further
    add_environment(monkeypatch, settings)
    warehouse = connect(step="test")
    prepare(warehouse)
    return Shop(warehouse, folder)
