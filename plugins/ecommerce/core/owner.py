"""Who owns the DAGs, and where the owner's name in the UI leads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from ecommerce.core.errors import ConfigurationError

OWNER = "data-engineering"


def owner_links(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For a DAG's `owner_links`, read while a DAG file is parsed: the page that OWNER_LINK names, or else the
    owner's DAGs in the UI. There the UI leads by itself where Airflow does not know its own address.

    Raises:
        ConfigurationError: OWNER_LINK is no web address.
    """
    link = owner_link(env) or _dags_of_owner()
    return {OWNER: link} if link else {}


def owner_link(env: Mapping[str, str] = os.environ) -> str:
    """OWNER_LINK; empty where it is not set. It is a web address: `mailto:` would show an e-mail address.

    Raises:
        ConfigurationError: it is not.
    """
    link = env.get("OWNER_LINK", "").strip()
    parts = urlsplit(link)
    if link and not (parts.scheme in ("http", "https") and parts.hostname):
        raise ConfigurationError(
            "OWNER_LINK is not a web address such as https://wiki.example.com/sales-data"
        )
    return link


def _dags_of_owner() -> str:
    from airflow.sdk.configuration import conf

    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{base}/dags?owners={OWNER}" if urlsplit(base).netloc else ""
