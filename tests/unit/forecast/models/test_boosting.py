"""The rows that boosting learns from."""

from ecommerce.forecast.models import boosting
from ecommerce.forecast.models.statistics import Statistics
from tests.unit.forecast.shops import panel


def test_of_many_series_boosting_learns_from_a_bounded_number_of_rows(monkeypatch):
    # A second, which every process that collects tests would spend.
    from sklearn.ensemble import HistGradientBoostingRegressor

    sizes = []

    def fit(trees, samples, changes):
        sizes.append(len(samples))

    monkeypatch.setattr(HistGradientBoostingRegressor, "fit", fit)
    shop = Statistics(panel("sku", 400, 40, seed=3))
    boosting.Boosting.fit(shop)
    monkeypatch.setattr(boosting, "_MOST_ROWS", 2_000)
    boosting.Boosting.fit(shop)
    every_row, some_rows = sizes
    assert every_row > 20_000
    assert 1_000 < some_rows <= 2_000
