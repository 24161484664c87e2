"""The linear model after a gap that is longer than the days of its level."""

from dataclasses import replace

import numpy as np

from ecommerce.forecast.models.ridge import ridge_forecast
from ecommerce.forecast.models.statistics import Statistics
from tests.unit.forecast.shops import panel


def test_after_a_gap_of_two_months_every_series_has_a_forecast():
    shop = panel("sku", 400, 4, seed=3)
    values = shop.values.copy()
    values[-60:] = np.nan
    forecast = ridge_forecast(Statistics(replace(shop, values=values)))
    usual = np.nanmean(values, axis=0)
    assert (forecast.mean(axis=0) > usual / 2).all()
    assert (forecast.mean(axis=0) < usual * 2).all()
