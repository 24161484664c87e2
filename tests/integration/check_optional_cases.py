"""As `check_cases`, of the connections that a shop may do without."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from demo.services.web_events import EventFault
from tests.integration.check_trial import Trial


def web_events_that_nobody_has(trial: Trial) -> str:
    trial.patch.delenv("AIRFLOW_CONN_WEB_EVENTS_API")
    return "hint web_events_api: not set: user_events_daily cannot run"


def web_events_of_the_example(trial: Trial) -> str:
    trial.connection("web_events_api", host="https://events.example.com", password="…")
    return "hint web_events_api: not set: user_events_daily cannot run"


def web_events_that_are_there(trial: Trial) -> str:
    now = datetime.now(UTC)
    _receive(trial, now - timedelta(minutes=9), now - timedelta(minutes=1))
    return "ok web_events_api: 2 events in the last 10 minutes"


def web_events_wrong_token(trial: Trial) -> str:
    trial.shop.web_events.token = "right"
    trial.connection("web_events_api", password="wrong")
    return (
        "FAIL web_events_api: web_events_api: GET /events of … answered 401 Unauthorized: check login, "
        "password and permissions of the connection"
    )


def web_events_wrong_host(trial: Trial) -> str:
    trial.connection("web_events_api", host="https://events.invalid")
    return (
        "FAIL web_events_api: web_events_api: GET /events of … failed: the name events.invalid cannot be "
        "resolved (DNS): is the host right?"
    )


def web_events_that_are_a_page(trial: Trial) -> str:
    page = b"<!DOCTYPE html><title>Sign in</title>"
    trial.shop.web_events.faults.append(EventFault(status=200, body=page))
    return (
        "FAIL web_events_api: web_events_api: GET /events of …: the answer begins with '<' in place of "
        "one JSON object per line, each an event: is the host of the connection right, and does it ask for a "
        "login?"
    )


def web_events_that_are_no_server(trial: Trial) -> str:
    trial.connection("web_events_api", host=trial.shop.storefront.url)
    return "FAIL web_events_api: web_events_api: GET /events of … answered 404 …"


def _receive(trial: Trial, *moments: datetime) -> None:
    folder = trial.shop.folders.web_events
    for moment in moments:
        with (folder / f"{moment:%Y-%m-%dT%H}.ndjson").open("a") as file:
            file.write(
                json.dumps({"event_id": "one", "received_at": moment.isoformat()})
                + "\n"
            )


def catalogue_that_is_not_set(trial: Trial) -> str:
    trial.patch.delenv("AIRFLOW_CONN_PRODUCT_CATALOGUE_API")
    return "hint product_catalogue_api: not set: product_catalogue_refresh cannot run"


def catalogue_wrong_host(trial: Trial) -> str:
    trial.connection("product_catalogue_api", host="https://catalogue.invalid")
    return (
        "FAIL product_catalogue_api: product_catalogue_api: GET the first page failed: the name "
        "catalogue.invalid cannot be resolved (DNS): is the host right?"
    )


def catalogue_that_is_none(trial: Trial) -> str:
    trial.connection("product_catalogue_api", extra={"entries": "items"})
    return (
        "FAIL product_catalogue_api: product_catalogue: page 1 has no list at `items`: name the path to its "
        "products as `entries` in the extra of the connection (docs/CATALOGUE.md)"
    )


def partner_ftp_that_is_not_set(trial: Trial) -> str:
    trial.patch.delenv("AIRFLOW_CONN_PARTNER_FTP")
    return "hint partner_ftp: not set: weekly_sales_forecast cannot run"


def partner_ftp_wrong_password(trial: Trial) -> str:
    trial.connection("partner_ftp", password="wrong")
    return (
        "FAIL partner_ftp: partner_ftp: fetching promotions.csv failed: the server refuses the login (530): "
        "check login and password of the connection"
    )


OPTIONAL_CASES: tuple[Callable[[Trial], str], ...] = (
    web_events_that_nobody_has,
    web_events_of_the_example,
    web_events_that_are_there,
    web_events_wrong_token,
    web_events_wrong_host,
    web_events_that_are_a_page,
    web_events_that_are_no_server,
    catalogue_that_is_not_set,
    catalogue_wrong_host,
    catalogue_that_is_none,
    partner_ftp_that_is_not_set,
    partner_ftp_wrong_password,
)
