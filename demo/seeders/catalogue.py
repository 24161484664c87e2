"""Seeder of the product catalogue: `products.json`, and one drawn image per product in `pictures/`.

It has typical defects: two mugs share an image, one image URL is broken, and one
product has no image.
"""

import io
import json
from pathlib import Path

from demo.ledger import Snapshot
from demo.ledger.model import Product
from demo.seeders.atomic import write

BROKEN = "GAR-003"
"""The product with the broken image URL."""
SIDE = 320
_COLOURS = {
    "Kitchen": ("#f3e3d3", "#b4551d"),
    "Tableware": ("#dde8f0", "#12486b"),
    "Textiles": ("#efe0ea", "#8a3a6c"),
    "Lighting": ("#faf0c8", "#b58900"),
    "Garden": ("#e0eedb", "#3f7d3a"),
    "Stationery": ("#e6e4f2", "#54479c"),
}
_OTHERS = ("#e8e8e8", "#555f6b")


def fill(root: Path, snapshot: Snapshot) -> None:
    """Write the missing images and the products of `snapshot` below `root`."""
    (root / "pictures").mkdir(parents=True, exist_ok=True)
    entries = []
    for product in snapshot.products:
        # In lower case for case-insensitive file systems.
        path = f"pictures/{product.sku.lower()}.png"
        has_image = product.image_url is not None
        entry = {
            "sku": product.sku,
            "name": product.name,
            "category": product.category,
            "price": str(product.price),
            "currency": "USD",
            "image_url": f"/{path}" if has_image else None,
            "updated_at": product.updated_at.isoformat().replace("+00:00", "Z"),
        }
        entries.append(entry)
        if has_image and product.sku != BROKEN and not (root / path).exists():
            _draw(product, root / path)
    content = json.dumps(entries, ensure_ascii=False, indent=1)
    write(root / "products.json", content.encode())


def _draw(product: Product, path: Path) -> None:
    """Draw the SKU's first letter and number on a disc, in the category's colours."""
    from PIL import Image, ImageDraw, ImageFont

    ground, ink = _COLOURS.get(product.category or "", _OTHERS)
    canvas = Image.new("RGB", (SIDE, SIDE), ground)
    draw = ImageDraw.Draw(canvas)
    middle = (SIDE / 2, SIDE / 2)
    draw.circle(middle, SIDE / 3, fill=ink)
    text = f"{product.sku[0]}{product.sku[-1]}".upper()
    font = ImageFont.load_default(SIDE / 4)
    draw.text(
        middle,
        text,
        fill=ground,
        font=font,
        anchor="mm",
    )
    image = io.BytesIO()
    canvas.save(image, "PNG")
    write(path, image.getvalue())
