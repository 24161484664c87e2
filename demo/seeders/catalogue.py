"""Seeder of the product catalogue: `products.json`, and one drawn image per product in `pictures/`.

It has typical defects: two mugs share an image, one image URL is broken, and one product has no image.
"""

import hashlib
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
_SHAPES = 5


def fill(root: Path, snapshot: Snapshot) -> None:
    """Write the missing images and the products of `snapshot` below `root`."""
    pictures = root / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for product in snapshot.products:
        path = pictures / picture_name(product)
        if product.image_url and product.sku != BROKEN and not path.exists():
            _draw(product, path)
    entries = [_entry(product) for product in snapshot.products]
    write(
        root / "products.json",
        json.dumps(entries, ensure_ascii=False, indent=1).encode(),
    )


def picture_name(product: Product) -> str:
    """Return the file name of a product's image, in lower case for case-insensitive file systems."""
    return f"{product.sku.lower()}.png"


def _entry(product: Product) -> dict[str, str | None]:
    """Return a product as JSON, with an image URL without host."""
    return {
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "price": str(product.price),
        "currency": "USD",
        "image_url": f"/pictures/{picture_name(product)}"
        if product.image_url
        else None,
        "updated_at": product.updated_at.isoformat().replace("+00:00", "Z"),
    }


def _draw(product: Product, path: Path) -> None:
    """Draw the name's initials on a shape that depends on the SKU, in the category's colours."""
    from PIL import Image, ImageDraw, ImageFont

    ground, ink = _COLOURS.get(product.category or "", _OTHERS)
    number = int(hashlib.sha256(product.sku.lower().encode()).hexdigest(), 16)
    canvas = Image.new(
        "RGB", (2 * SIDE, 2 * SIDE), ground
    )  # twice the size, for smooth edges
    draw = ImageDraw.Draw(canvas)
    middle, radius = SIDE, SIDE * 0.66
    if number % _SHAPES == 0:
        draw.ellipse(
            (middle - radius, middle - radius, middle + radius, middle + radius),
            fill=ink,
        )
    elif number % _SHAPES == 1:
        box = (middle - radius, middle - radius, middle + radius, middle + radius)
        draw.rounded_rectangle(box, radius=radius / 3, fill=ink)
    else:
        sides, turn = (4, 6, 8)[number % _SHAPES - 2], number // _SHAPES % 360
        draw.regular_polygon(
            (middle, middle, radius * 1.1), sides, rotation=turn, fill=ink
        )
    words = [
        word for word in product.name.replace("-", " ").split() if word[0].isalpha()
    ]
    initials = "".join(word[0] for word in words[:2]).upper()
    font = ImageFont.load_default(SIDE * 0.5)
    draw.text((middle, middle), initials, fill=ground, font=font, anchor="mm")
    image = io.BytesIO()
    canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(
        image, "PNG", compress_level=6
    )
    write(path, image.getvalue())
