"""The warehouse's tables as `make tables` and the document for analysts show them."""

import shutil

import pytest

from ecommerce.warehouse import client
from tests import tables_document


def test_the_document_for_analysts_is_up_to_date(repository, tmp_path):
    document = repository / "docs" / "QUERIES.md"
    written = tmp_path / "QUERIES.md"
    shutil.copy(document, written)
    tables_document.main(written)
    assert written.read_text() == document.read_text()


def test_tables_lists_them_without_a_warehouse(run, monkeypatch, folder):
    monkeypatch.setattr(client, "connect", lambda **_: pytest.fail("not needed"))
    (folder / ".env").write_text("ORDER_ATTRIBUTES=sales_channel\n")
    lines = run("tables").splitlines()
    assert lines[1:3] == ["exit code 0", "--- standard output"]
    assert lines[4].startswith("daily_summary: ")
    changed = "When that source changed the customer."
    assert f"updated_at        TIMESTAMP        {changed}" in lines
    assert any(line.startswith("sales_channel ") for line in lines)
