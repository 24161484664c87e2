"""The shop's products, markets and currencies."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from demo.ledger.model import Customer, Product

_EPOCH = datetime(
    2026,
    1,
    5,
    9,
    tzinfo=UTC,
)


def _products() -> tuple[Product, ...]:
    rows: list[tuple[str, str, str | None, str]] = [
        ("KIT-001", "Chef's knife, 20 cm", "Kitchen", "79.00"),
        ("KIT-002", "Cutting board, oak", "Kitchen", "34.50"),
        ("KIT-003", "Cast-iron pan 28 cm", "Kitchen", "54.90"),
        ("KIT-004", 'Baking tin 9" round', "Kitchen", "18.75"),
        ("KIT-005", "Espresso maker", "Kitchen", "42.00"),
        ("KIT-006", "Tea towel, set of 3", "Kitchen", "16.20"),
        ("MUG-01", "Stoneware mug, blue", "Tableware", "14.00"),
        ("mug-01", "Stoneware mug, sand (2nd edition)", "Tableware", "15.50"),
        ("TAB-002", "Dinner plate", "Tableware", "12.40"),
        ("TAB-003", "Soup bowl", "Tableware", "11.80"),
        ("TAB-004", "Wine glass, box of 6", "Tableware", "48.00"),
        ("TAB-005", "Café au lait bowl", "Tableware", "13.30"),
        ("LIN-001", "Linen sheet, queen", "Textiles", "119.00"),
        ("LIN-002", "Pillow case", "Textiles", "24.90"),
        ("LIN-003", "Wool blanket", "Textiles", "139.00"),
        ("LIN-004", "Bath towel", "Textiles", "27.60"),
        ("LIN-005", "Cotton fabric, per metre", "Textiles", "9.80"),
        ("LAM-001", "Desk lamp", "Lighting", "68.00"),
        ("LAM-002", "Pendant lamp", "Lighting", "149.00"),
        ("LAM-003", "LED bulb E27", "Lighting", "6.95"),
        ("LAM-004", "Lantern; outdoor", "Lighting", "39.90"),
        ("GAR-001", "Watering can", "Garden", "29.00"),
        ("GAR-002", "Secateurs", "Garden", "36.50"),
        ("GAR-003", "Seed box\nspring mix", "Garden", "19.00"),
        ("GAR-004", "Garden twine, 100 m", "Garden", "7.25"),
        ("GAR-005", "Terracotta pot", "Garden", "12.00"),
        ("STA-001", "Notebook A5", "Stationery", "11.00"),
        ("STA-002", "Fountain pen", "Stationery", "58.00"),
        ("STA-003", "Postcards, 10", "Stationery", "8.50"),
        ("STA-004", "Paper clips, single", "Stationery", "0.0375"),
        ("GIFT-01", "Gift card sleeve", None, "0.00"),
    ]
    products = []
    for number, (sku, name, category, price) in enumerate(rows):
        product = Product(
            sku=sku,
            product_id=11 + 3 * number,
            name=name,
            category=category,
            price=Decimal(price),
            image_url=f"/pictures/{sku}.png" if category else None,
            updated_at=_EPOCH,
        )
        products.append(product)
    return tuple(products)


PRODUCTS = _products()

_BULK = {
    "STA-004": (100, 500),
    "LAM-003": (2, 12),
    "GAR-005": (2, 8),
    "TAB-002": (4, 8),
}


def quantity_range(product: Product) -> tuple[int, int]:
    """Return the smallest and largest quantity that customers buy at once."""
    return _BULK.get(product.sku, (1, 3))


@dataclass(frozen=True, slots=True)
class Market:
    """A country that the shop delivers to; `weight` is its share of orders, in per mille."""

    country: str
    currency: str
    tax: Decimal
    weight: int


MARKETS = (
    Market(
        "US",
        "USD",
        Decimal("0.08"),
        760,
    ),
    Market(
        "CA",
        "CAD",
        Decimal("0.05"),
        60,
    ),
    Market(
        "DE",
        "EUR",
        Decimal("0.19"),
        60,
    ),
    Market(
        "FR",
        "EUR",
        Decimal("0.20"),
        30,
    ),
    Market(
        "GB",
        "GBP",
        Decimal("0.20"),
        60,
    ),
    Market(
        "JP",
        "JPY",
        Decimal("0.10"),
        20,
    ),
    Market(
        "AE",
        "AED",
        Decimal("0.05"),
        10,
    ),  # without a published rate, so never converted
)

EUROPE = tuple(market for market in MARKETS if market.currency == "EUR")
"""The markets of the company's shop in Europe."""


def market_of(customer: Customer) -> Market:
    """Return the market of a customer's country."""
    return next(market for market in MARKETS if market.country == customer.country_code)


_PRICE_LEVEL = {
    "USD": "1",
    "CAD": "1.36",
    "EUR": "0.92",
    "GBP": "0.79",
    "JPY": "151",
    "AED": "3.67",
}


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` with the decimals of `currency`, rounded half away from zero."""
    unit = Decimal(1) if currency == "JPY" else Decimal("0.01")
    return amount.quantize(unit, ROUND_HALF_UP)


def price_from_usd(amount: Decimal, currency: str) -> Decimal:
    """Convert a price in US dollars by the shop's price levels, not by exchange rates."""
    return round_money(amount * Decimal(_PRICE_LEVEL[currency]), currency)


def price_in(product: Product, currency: str, decimals: int) -> Decimal:
    """Return a product's unit price.

    Args:
        product: the product.
        currency: the currency of the price.
        decimals: 4 keeps four decimals of prices below ten cents.
    """
    if decimals == 4 and 0 < product.price < Decimal("0.1") and currency != "JPY":
        price = product.price * Decimal(_PRICE_LEVEL[currency])
        return price.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return price_from_usd(product.price, currency)
