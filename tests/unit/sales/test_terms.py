"""Names of the daily report."""

from ecommerce.core import text
from ecommerce.sales import terms


def test_a_shop_names_its_sources_and_channels(monkeypatch):
    labels = '{"sales_db": "Agora Germany", "acme": "ACME Ltd."}'
    monkeypatch.setenv("SHOP_LABELS", labels)
    assert text.source_title("partner_files: acme") == "ACME Ltd."
    assert terms.source_place("sales_db") == "Agora Germany"
