"""Are the reference rates there, and how new are they?"""

from __future__ import annotations

from datetime import date

from ecommerce.core.errors import ContractError
from ecommerce.core.findings import OK, Lines
from ecommerce.sources.exchange_rates.reading import CONNECTION, fetch, parse


def check() -> Lines:
    """The whole file is fetched and read."""
    rates, _ = parse(fetch(), date.min)
    if not rates:
        raise ContractError(f"{CONNECTION}: the file holds no rate")
    newest = max(rate_date for _, rate_date, _, _ in rates)
    yield OK, f"newest rates are of {newest}"
