from __future__ import annotations

from ecommerce.core.code_version import code_version


def test_the_code_version_is_the_given_one_or_a_fingerprint_of_the_files(monkeypatch):
    monkeypatch.setenv("CODE_VERSION", "v1.2.3")
    assert code_version() == "v1.2.3"
    monkeypatch.delenv("CODE_VERSION")
    assert code_version() == code_version()
    assert code_version().startswith("files ")
