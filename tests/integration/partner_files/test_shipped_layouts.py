"""The shipped layouts (include/partners/layouts), each with a made-up file of its marketplace, from file to
load, all in one run. `samples/<name>/expected.yaml` has every value, worked out by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from ecommerce.sales.transform import transform
from ecommerce.sources import partner_layouts as partners
from ecommerce.sources.partner_layouts import SHIPPED, partner_layouts
from tests.integration.partner_files.drop import HASH_KEY, Drop, rows
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
    "payments": "payment_id, kind, order_id, amount, fee_amount, currency, processed_at",
    "payouts": "payout_id, issued_on, status, amount, currency, external_reference",
}
OWNERS = {
    "rejected_rows": "file",
    "payments": "gateway || '_settlement'",
    "payouts": "split_part(payout_id, '-', 1) || '_settlement'",
}
"""What names the partner of a row; else its channel."""


def as_text(value):
    """A loaded value as expected.yaml has it: an amount without trailing zeros, an instant in UTC."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the run of all samples has read and transformed."""
    folder = tmp_path_factory.mktemp("samples")
    drop = Drop(folder)
    layouts = folder / "partners"
    layouts.mkdir()
    for name in NAMES:
        sample = SAMPLES / name
        (layouts / f"{name}.yaml").write_text((sample / "partner.yaml").read_text())
        [file] = sample.glob("*.csv")
        drop.put(file.name, file.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARTNER_DROP_URI", f"file://{drop.drop}")
        patch.setenv("CUSTOMER_HASH_KEY", HASH_KEY)
        patch.setattr(partners, "FOLDER", layouts)
        raw = drop.extract()
        return raw, transform(raw, run_id="run")


def loaded(manifest, table, name):
    """The rows of a partner."""
    partner = OWNERS.get(table, "channel")
    found = []
    for owner, *values in rows(
        manifest,
        table,
        f"{partner}, {COLUMNS[table]}",
    ):
        if owner.partition("_2026")[0] == name:
            found.append(list(map(as_text, values)))
    return found


def left_out(raw, name):
    """The kinds of lines that are left out, with their numbers. Nothing else is worth a warning."""
    found = []
    for warning in raw.control_totals["warnings"]:
        if warning["file"].partition("_2026")[0] == name:
            found.append(warning.get("kinds", warning["kind"]))
    return found


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
def test_a_sample_is_loaded_to_the_cent(run, name):
    raw, manifest = run
    # The base loader leaves every value a text.
    text = (SAMPLES / name / "expected.yaml").read_text()
    expected = yaml.load(text, yaml.BaseLoader)
    assert left_out(raw, name) == expected.get("left_out", [])
    for table in COLUMNS:
        assert loaded(manifest, table, name) == expected.get(table, []), table
