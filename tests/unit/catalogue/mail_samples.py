"""A long mail of the catalogue."""

from ecommerce.catalogue import changes
from ecommerce.core.data_warnings import CHECK, data_warning


def _catalogue():
    skus = [f"SKU-{number:03}" for number in range(60)]
    summary = {
        "products": 40,
        "new": skus,
        "changed": ["P1"],
        "gone": ["OLD"],
        "rejected": ["page 2, entry 51: invalid_number (price '-3')"],
        "broken": [
            f"{sku} (cdn.example:8080): its host returned HTTP 404" for sku in skus
        ],
    }
    warning = data_warning(
        CHECK, found="1 product has two pictures", meaning="", action="", weight=2
    )
    return changes.compose(summary, [warning])


MAILS = {"catalogue": _catalogue}
