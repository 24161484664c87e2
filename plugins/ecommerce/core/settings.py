"""What is fixed at deployment, read from the environment (`.env.example` lists every name)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from ecommerce.core.errors import ConfigurationError, WrongSettingsError
from ecommerce.core.owner import owner_link
from ecommerce.core.paths import read_sql

Value = TypeVar("Value")
Network = IPv4Network | IPv6Network
Expected = Mapping[str, frozenset[int]]
"""The weekdays (0 is Monday) on which each partner delivers."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ATTRIBUTE_NAME = r"(?i)(?!_(table_|file_|partition|row_timestamp|_root__|colidentifier))[a-z_][a-z0-9_]{0,62}"
"""A name that is an identifier everywhere; BigQuery keeps some prefixes for itself."""
MOST_ATTRIBUTES = 20
LONG = 4
"""How many times longer a task may run that reads, trains on or fetches years of history at once."""
_TASK_TIMEOUT = "TASK_TIMEOUT_SECONDS", 3_600
_RUN_TIMEOUT = "RUN_TIMEOUT_SECONDS", 21_600


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment's settings. URIs have no trailing slash; `shop_timezone` is an IANA name.
    `order_attributes`: columns of the sources that pass through to `orders.attributes`, sorted by name.
    `report_attribute`: the one of them that the daily report breaks down by. `expected_partners`: None where
    they are learnt from what was delivered. `picture_networks`: private networks that pictures of the
    catalogue may be fetched from."""

    shop_timezone: str
    reporting_currency: str
    bigquery_dataset: str
    bigquery_location: str
    staging_uri: str
    reports_uri: str
    models_uri: str
    pictures_uri: str
    partner_drop_uri: str
    customer_hash_key: str
    refund_lookback_days: int
    reconcile_days: int
    staging_retention_days: int
    log_retention_days: int
    events_retention_days: int
    maximum_bytes_billed: int
    task_timeout_seconds: int
    run_timeout_seconds: int
    bigquery_job_timeout_seconds: int
    partner_file_max_lines: int
    partner_file_max_bytes: int
    partner_file_max_seconds: int
    sync_start_date: date | None = None
    order_attributes: tuple[str, ...] = ()
    report_attribute: str | None = None
    expected_partners: Expected | None = field(default=None, hash=False)  # a mapping has no hash
    picture_networks: tuple[Network, ...] = ()
    holidays: str = ""
    owner_link: str = ""
    report_locale: str = "en_US"
    forecast_miss_alert_percent: int | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The shop's timezone. Business days begin at its midnight; nothing else is local."""
        return ZoneInfo(self.shop_timezone)

    @property
    def holiday_calendar(self) -> str:
        """Whose public holidays the forecast knows: a calendar of the package `holidays` such as `US` or
        `DE-BY`; empty for none. Unless HOLIDAYS says otherwise, that of the country in which the shop's
        timezone is."""
        if self.holidays:
            return "" if self.holidays == "none" else self.holidays
        from babel.core import get_global

        return str(get_global("zone_territories").get(self.shop_timezone, ""))

    @property
    def staging_dataset(self) -> str:
        """The BigQuery dataset whose tables expire by themselves and hold one load's input."""
        return f"{self.bigquery_dataset}_staging"


def load_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; one that is there but empty counts as not set. Cheap enough to call in every task;
    never called while a DAG file is parsed (see `shop_timezone`).

    Raises:
        WrongSettingsError: values are malformed, or `CUSTOMER_HASH_KEY` is missing.
    """
    problems: list[str] = []

    def valid(read: Callable[..., Value], *arguments: Any) -> Value:
        try:
            return read(*arguments)
        except ConfigurationError as error:
            problems.append(str(error))
            return cast("Value", None)  # unused: the problem is raised below

    attributes = valid(_order_attributes, env.get("ORDER_ATTRIBUTES", ""))
    shown_attribute = env.get("REPORT_ATTRIBUTE", "") if attributes is not None else ""
    settings = Settings(
        customer_hash_key=valid(_hash_key, env),
        shop_timezone=valid(shop_timezone, env),
        reporting_currency=valid(_currency, env.get("REPORTING_CURRENCY") or "USD"),
        report_locale=valid(report_locale, env),
        bigquery_dataset=valid(_identifier, env, "BIGQUERY_DATASET", "sales"),
        bigquery_location=valid(_location, env.get("BIGQUERY_LOCATION") or "US"),
        staging_uri=valid(_uri, env, "STAGING_URI", "file:///opt/airflow/data/staging"),
        reports_uri=valid(_uri, env, "REPORTS_URI", "file:///opt/airflow/data/reports"),
        models_uri=valid(_uri, env, "MODELS_URI", "file:///opt/airflow/data/models"),
        pictures_uri=valid(_uri, env, "PICTURES_URI", "file:///opt/airflow/data/pictures"),
        partner_drop_uri=valid(_uri, env, "PARTNER_DROP_URI", "file:///opt/airflow/data/partner_drop"),
        refund_lookback_days=valid(refund_lookback_days, env),
        reconcile_days=valid(_days, env, "RECONCILE_DAYS", 35),
        staging_retention_days=valid(_days, env, "STAGING_RETENTION_DAYS", 14),
        log_retention_days=valid(_days, env, "LOG_RETENTION_DAYS", 60),
        events_retention_days=valid(_days, env, "EVENTS_RETENTION_DAYS", 400),
        maximum_bytes_billed=valid(_positive_int, env, "MAXIMUM_BYTES_BILLED", 100 * 1024**3),
        task_timeout_seconds=valid(_seconds, env, *_TASK_TIMEOUT),
        run_timeout_seconds=valid(_seconds, env, *_RUN_TIMEOUT),
        bigquery_job_timeout_seconds=valid(_seconds, env, "BIGQUERY_JOB_TIMEOUT_SECONDS", 1_800),
        partner_file_max_lines=valid(_positive_int, env, "PARTNER_FILE_MAX_LINES", 5_000_000),
        partner_file_max_bytes=valid(_positive_int, env, "PARTNER_FILE_MAX_BYTES", 2 * 1024**3),
        partner_file_max_seconds=valid(_seconds, env, "PARTNER_FILE_MAX_SECONDS", 600),
        sync_start_date=valid(_date, env, "SYNC_START_DATE"),
        order_attributes=attributes,
        report_attribute=valid(_report_attribute, shown_attribute, attributes),
        expected_partners=valid(_expected_partners, env.get("EXPECTED_PARTNERS", "")),
        picture_networks=valid(_networks, env, "PICTURE_NETWORKS"),
        holidays=env.get("HOLIDAYS", "").strip(),
        owner_link=valid(owner_link, env),
        forecast_miss_alert_percent=valid(_percent, env, "FORECAST_MISS_ALERT_PERCENT"),
    )
    if problems:
        raise WrongSettingsError(problems)
    return settings


def shop_timezone(env: Mapping[str, str] = os.environ) -> str:
    """The shop's timezone name, the one setting a DAG file needs while it is parsed; ConfigurationError where
    it is not an IANA timezone's."""
    name = env.get("SHOP_TIMEZONE") or "America/New_York"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(
            f"SHOP_TIMEZONE={name!r} is not an IANA timezone name such as Europe/Berlin"
        ) from None
    return name


def report_locale(env: Mapping[str, str] = os.environ) -> str:
    """How reports, their mails and pages write numbers, dates and countries: a locale that Babel knows, such
    as `de_CH`; ConfigurationError where it is none."""
    return _locale(env.get("REPORT_LOCALE", "").strip() or "en_US")


def task_timeout(times: int = 1, env: Mapping[str, str] = os.environ) -> timedelta:
    """The `execution_timeout` of tasks, read while a DAG file is parsed; `times` is 1 or `LONG`."""
    return times * timedelta(seconds=_seconds(env, *_TASK_TIMEOUT))


def run_timeout(times: int = 1, env: Mapping[str, str] = os.environ) -> timedelta:
    """The `dagrun_timeout` of DAGs, read while a DAG file is parsed; `times` is 1 or `LONG`."""
    return times * timedelta(seconds=_seconds(env, *_RUN_TIMEOUT))


def refund_lookback_days(env: Mapping[str, str] = os.environ) -> int:
    """For how many days before its own a daily run reads the storefront's orders again."""
    return _days(env, "REFUND_LOOKBACK_DAYS", 14)


def _hash_key(env: Mapping[str, str]) -> str:
    key = env.get("CUSTOMER_HASH_KEY", "")
    if len(key) < 16:
        raise ConfigurationError(
            "CUSTOMER_HASH_KEY is missing or shorter than 16 characters: set it once to a long random "
            "text and keep it, because it identifies customers across sources"
        )
    return key


@cache
def _locale(value: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(value.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        raise ConfigurationError(
            f"REPORT_LOCALE={value!r} is no locale that Babel knows, such as en_US, de_CH or ja_JP"
        ) from None


def _currency(value: str) -> str:
    if len(value) != 3 or not value.isascii() or not value.isalpha():
        raise ConfigurationError(
            f"REPORTING_CURRENCY={value!r} is not a three-letter ISO 4217 code such as EUR"
        )
    return value.upper()


def _identifier(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name) or default
    if not value.isascii() or not value.replace("_", "").isalnum():
        raise ConfigurationError(f"{name}={value!r} may only hold letters, digits and underscores")
    return value


def _location(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ConfigurationError(f"BIGQUERY_LOCATION={value!r} is not a location such as EU or europe-west3")
    return value


def _uri(env: Mapping[str, str], name: str, default: str) -> str:
    given = env.get(name) or default
    value = given.rstrip("/")
    if value != value.strip() or not re.match("[a-z][a-z0-9+.-]*://.", value):
        raise ConfigurationError(f"{name}={given!r} is not a URI: begin it with file://, gs:// or s3://")
    if value.startswith("file://") and not value.startswith("file:///"):
        raise ConfigurationError(
            f"{name}={given!r} needs three slashes, to name a folder from the root on: file:///folder"
        )
    return value


def _order_attributes(value: str) -> tuple[str, ...]:
    names = [name.strip() for name in value.split(",")] if value.strip() else []
    if len(names) > MOST_ATTRIBUTES:
        raise ConfigurationError(
            f"ORDER_ATTRIBUTES names {len(names)} columns, more than {MOST_ATTRIBUTES}: add typed "
            "columns instead (README, Change an extract)"
        )
    table = read_sql("warehouse/tables/orders/table.sql") if names else ""
    taken = re.findall(r"^ {4}`?(\w+)`? ", table, re.MULTILINE)
    lower = [name.lower() for name in names]
    for name in names:
        if not re.fullmatch(ATTRIBUTE_NAME, name):
            raise ConfigurationError(
                f"ORDER_ATTRIBUTES: {name!r} cannot name a column: use letters, digits and underscores (63 "
                "at most), and begin with no digit and no prefix of BigQuery's own"
            )
        # BigQuery and DuckDB do not tell Channel from channel.
        if name.lower() in taken:
            raise ConfigurationError(f"ORDER_ATTRIBUTES: {name} is a column of orders already: take it out")
        if lower.count(name.lower()) > 1:
            raise ConfigurationError(f"ORDER_ATTRIBUTES names {name} more than once")
    return tuple(sorted(names))


def _report_attribute(value: str, attributes: tuple[str, ...]) -> str | None:
    if value and value not in attributes:
        raise ConfigurationError(
            f"REPORT_ATTRIBUTE={value!r} is not one of ORDER_ATTRIBUTES ({', '.join(attributes) or 'none'})"
        )
    return value or None


def _expected_partners(value: str) -> Expected | None:
    """`acme, globex:mon-fri, initech:tue+sat`; `none` expects nobody, the empty text is None."""
    if not value.strip():
        return None
    if value.strip() == "none":
        return {}
    expected = {}
    for entry in value.split(","):
        partner, _, days = (part.strip() for part in entry.partition(":"))
        spans = [span.partition("-") for span in (days or "mon-sun").lower().split("+")]
        names = [name.strip() for first, dash, last in spans for name in (first, last if dash else first)]
        if not partner or not set(names) <= set(WEEKDAYS):
            raise ConfigurationError(
                f"EXPECTED_PARTNERS: {entry.strip()!r} is neither a partner's name nor one with weekdays, "
                "such as acme:mon-fri or acme:tue+sat"
            )
        numbers = [WEEKDAYS.index(name) for name in names]
        # A span may go over the end of the week: sat-mon.
        expected[partner] = frozenset(
            (first + step) % 7
            for first, last in zip(numbers[::2], numbers[1::2], strict=True)
            for step in range((last - first) % 7 + 1)
        )
    return expected


def _networks(env: Mapping[str, str], name: str) -> tuple[Network, ...]:
    given = [text.strip() for text in env.get(name, "").split(",") if text.strip()]
    try:
        return tuple(ip_network(text) for text in given)
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}: give networks such as 10.1.0.0/16,fd00::/8") from None


def _positive_int(env: Mapping[str, str], name: str, default: int, most: int | None = None) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ConfigurationError(f"{name}={text!r} is not a positive whole number")
    if most is not None and int(text) > most:
        raise ConfigurationError(f"{name}={text!r} is too much: it may be {most} at most")
    return int(text)


def _percent(env: Mapping[str, str], name: str) -> int | None:
    return _positive_int(env, name, 0) if env.get(name) else None


def _days(env: Mapping[str, str], name: str, default: int) -> int:
    return _positive_int(env, name, default, 36_500)  # a hundred years ago is still a date


def _seconds(env: Mapping[str, str], name: str, default: int) -> int:
    return _positive_int(env, name, default, 30 * 86_400)


def _date(env: Mapping[str, str], name: str) -> date | None:
    text = env.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigurationError(f"{name}={text!r} is not a date like 2026-11-01") from None
