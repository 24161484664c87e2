"""The shipped layouts (include/partners/layouts), each with a made-up file of its marketplace, from file to
load. `samples/<name>/expected.yaml` has every value, worked out by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from ecommerce.sales.transform import transform
from ecommerce.sources.partner_layouts import SHIPPED, partner_layouts
from tests.integration.partner_files.drop import rows
from tests.recipes import steps

SAMPLES = Path(__file__).with_name("samples")
NAMES = sorted(folder.name for folder in SAMPLES.iterdir())
AMOUNTS = "gross_amount, discount_amount, tax_amount"
COLUMNS = {
    "order_lines": f"order_id, line_number, sku, product_name, quantity, {AMOUNTS}",
    "orders": "order_id, status, currency, country_code, shipping_amount, tax_amount, ordered_at, updated_at",
    "refunds": "order_id, line_number, sku, quantity, merchandise_amount, tax_amount, shipping_amount, "
    "refunded_at",
    "rejected_rows": "row_number, reason, detail",
}


def as_text(value):
    """A loaded value as expected.yaml has it: an amount without trailing zeros, an instant in UTC."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def loaded(manifest, table):
    if f"{table}.parquet" not in manifest.columns:
        return []
    return [list(map(as_text, row)) for row in rows(manifest, table, COLUMNS[table])]


def left_out(raw):
    """The kinds of lines that are left out, with their numbers. Nothing else is worth a warning."""
    warnings = raw.control_totals["warnings"]
    return [one.get("kinds", one["kind"]) for one in warnings]


def test_each_layout_has_a_sample():
    shipped = {file.stem for file in SHIPPED.glob("*.yaml")}
    extended = set()
    for name in NAMES:
        text = (SAMPLES / name / "partner.yaml").read_text()
        extended.add(yaml.safe_load(text)["extends"])
    assert extended == shipped


def test_the_recipe_is_a_valid_layout(layouts):
    [recipe] = steps("A marketplace in ten minutes")
    file = layouts / Path(recipe.path).name
    file.write_text(recipe.text)
    layout = partner_layouts()[file.stem]
    assert layout.problem is None
    assert layout.extends


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_loaded_to_the_cent(drop, layouts, name):
    sample = SAMPLES / name
    (layouts / f"{name}.yaml").write_text((sample / "partner.yaml").read_text())
    [file] = sample.glob("*.csv")
    drop.put(file.name, file.read_bytes())
    raw = drop.extract()
    # The base loader leaves every value a text.
    text = (sample / "expected.yaml").read_text()
    expected = yaml.load(text, yaml.BaseLoader)
    assert left_out(raw) == expected.get("left_out", [])
    manifest = transform(raw, run_id="run")
    for table in COLUMNS:
        assert loaded(manifest, table) == expected.get(table, []), table
