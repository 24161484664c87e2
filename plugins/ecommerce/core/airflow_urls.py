"""Addresses in Airflow's UI, for links in mails, chat messages and pages."""

from urllib.parse import urlsplit


def airflow_url() -> str:
    """Return the address of Airflow's UI without a trailing slash; empty where it is not configured."""
    from airflow.sdk import conf

    return str(conf.get("api", "base_url", fallback="") or "").rstrip("/")


def page_url(path: str, route: str = "sales-reports") -> str:
    """Return the address of a page in Airflow's UI; empty where Airflow's address is not configured. `path`
    is below `/sales-reports/`, such as `2026-11-19/`; the frame of the navigation entry `route` shows it."""
    base = airflow_url()
    if not base:
        return ""
    # The UI keeps the path of the page in its frame behind that of the frame.
    return f"{base}/plugin/{route}{urlsplit(base).path}/sales-reports/{path}"
