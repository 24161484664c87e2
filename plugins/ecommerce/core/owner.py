"""The owner of the DAGs, and the link of the owner's name in the UI."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from ecommerce.core.settings import read_setting

OWNER = "data-engineering"


def owner_links(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return a DAG's `owner_links`, while its file is parsed: OWNER_LINK, or the list of the owner's DAGs. It
    is empty where Airflow does not know its own address; the UI then links that list itself.

    Raises:
        ConfigurationError: OWNER_LINK is not a web address.
    """
    from airflow.sdk.configuration import conf

    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    of_owner = f"{base}/dags?owners={OWNER}" if urlsplit(base).netloc else ""
    link = read_setting("owner_link", env) or of_owner
    return {OWNER: link} if link else {}
