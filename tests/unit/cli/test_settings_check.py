"""The check of folders, without Airflow's database."""

from ecommerce.cli import settings_check


def test_a_folder_is_written_to_and_left_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}")
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")
    states = []
    for name in ("STAGING_URI", "REPORTS_URI"):
        states += [state for state, _ in settings_check.check_folder(name)]
    assert states == ["ok", "hint"]
    assert not list(tmp_path.iterdir())
