"""The checks of folders and recipients, without Airflow's database."""

from pathlib import Path

import pytest

from ecommerce.cli import settings_check


@pytest.mark.parametrize(
    ("executor", "pod", "folder", "unshared"),
    [
        ("CeleryExecutor", "10.0.0.1", "/", True),
        ("LocalExecutor", "10.0.0.1", "/", False),
        ("CeleryExecutor", "10.0.0.1", "/proc", False),  # a mounted volume
        ("CeleryExecutor", "", "/", False),
    ],
)
def test_a_containers_own_disk_is_not_shared(
    monkeypatch, executor, pod, folder, unshared
):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    monkeypatch.setattr(settings_check.Path, "exists", lambda _: False)
    if pod:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", pod)
    else:
        monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert settings_check.is_unshared(Path(folder)) is unshared


def test_staging_on_a_containers_own_disk_fails(monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}")
    monkeypatch.setattr(settings_check, "is_unshared", lambda _: True)
    states = [state for state, _ in settings_check.check_folder("STAGING_URI")]
    assert states == ["ok", "FAIL"]
    assert not list(tmp_path.iterdir())


def test_an_invalid_recipient_still_needs_the_mail_server(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "ann@example.com, bob")
    assert settings_check.has_recipients()
