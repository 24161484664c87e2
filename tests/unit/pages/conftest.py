import shutil
from pathlib import Path

import pytest

from tests.unit.pages import made_up


@pytest.fixture(scope="session")
def archive_of_november(tmp_path_factory):
    return made_up.write_archive(tmp_path_factory.mktemp("archive"))


SOURCE_POLICY = '{"partner_files": "optional", "exchange_rates": "off"}'


@pytest.fixture
def shop(archive_of_november, monkeypatch):
    """This process then is a deployment with that archive, which nobody changes."""
    monkeypatch.setenv("REPORTS_URI", f"file://{archive_of_november}")
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", SOURCE_POLICY)
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", made_up.SUBSCRIPTIONS)


@pytest.fixture
def reports(shop, archive_of_november, tmp_path, monkeypatch):
    """A copy of the archive, to be changed; the folder."""
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")
    return Path(shutil.copytree(archive_of_november, tmp_path / "reports"))


@pytest.fixture
def open_pages(shop):
    """Open the pages; arguments as `made_up.application`."""
    from fastapi.testclient import TestClient

    def opened(**named):
        rows = made_up.quality_rows()
        named.setdefault("warehouse", made_up.FakeWarehouse(rows=rows))
        return TestClient(made_up.application(**named), follow_redirects=False)

    return opened


@pytest.fixture
def client(open_pages):
    """The pages of the whole shop."""
    return open_pages()
