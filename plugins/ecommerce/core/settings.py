"""Settings that are fixed at deployment, from the environment (`.env.example` lists them all)."""

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from zoneinfo import ZoneInfo

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.paths import read_sql

OWNER = "data-engineering"
"""The owner of the DAGs."""
Network = IPv4Network | IPv6Network
Expected = Mapping[str, frozenset[int]]
"""The weekdays (0 is Monday) on which each partner delivers."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ATTRIBUTE_NAME = r"(?i)(?!_(table_|file_|partition|row_timestamp|_root__|colidentifier))[a-z_][a-z0-9_]{0,62}"
"""A column name that is valid everywhere; BigQuery reserves some prefixes."""
MOST_ATTRIBUTES = 20
LONG = 4
"""The factor of the timeouts of tasks that read, train on or fetch years of history at once."""


def _valid(convert: Callable[[str], Any], problem: str) -> Callable[[str], Any]:
    """Return `convert` with a ValueError(`problem`) where it fails."""

    def parse(text: str) -> Any:
        try:
            return convert(text)
        except Exception:
            raise ValueError(problem) from None

    return parse


def _matching(pattern: str, problem: str, convert: Callable[[str], str] = str) -> Callable[[str], str]:
    return _valid(lambda text: convert(re.findall(rf"\A(?:{pattern})\Z", text, re.ASCII)[0]), problem)


def _locale(text: str) -> str:
    from babel import Locale

    return str(Locale.parse(text.strip().replace("-", "_")))


def _uri(text: str) -> str:
    uri = text.rstrip("/")
    if uri != uri.strip() or not re.match("[a-z][a-z0-9+.-]*://.", uri):
        raise ValueError("is not a URI: begin it with file://, gs:// or s3://")
    if uri.startswith("file://") and not uri.startswith("file:///"):
        raise ValueError("needs three slashes, to name a folder from the root on: file:///folder")
    return uri


def _up_to(most: float) -> Callable[[str], int]:
    """Return a parser of positive whole numbers up to `most`."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise ValueError("is not a positive whole number")
        if int(text) > most:
            raise ValueError(f"is too much: it may be {most} at most")
        return int(text)

    return parse


_number, _days, _seconds = _up_to(math.inf), _up_to(36_500), _up_to(30 * 86_400)


def _hash_key(text: str) -> str:
    if len(text) < 16:
        raise ConfigurationError(
            "CUSTOMER_HASH_KEY is missing or shorter than 16 characters: set it once to a long random "
            "text and keep it, because it identifies customers across sources"
        )
    return text


def _order_attributes(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")] if text.strip() else []
    if len(names) > MOST_ATTRIBUTES:
        raise ConfigurationError(
            f"ORDER_ATTRIBUTES names {len(names)} columns, more than {MOST_ATTRIBUTES}: add typed "
            "columns instead (README, Change an extract)"
        )
    table = read_sql("warehouse/tables/orders/table.sql") if names else ""
    columns = re.findall(r"^ {4}`?(\w+)`? ", table, re.MULTILINE)
    lower = [name.lower() for name in names]  # BigQuery and DuckDB ignore the case of column names
    for name in names:
        if not re.fullmatch(ATTRIBUTE_NAME, name):
            raise ConfigurationError(
                f"ORDER_ATTRIBUTES: {name!r} cannot name a column: use letters, digits and underscores (63 "
                "at most), and begin with no digit and no prefix that BigQuery reserves"
            )
        if name.lower() in columns:
            raise ConfigurationError(f"ORDER_ATTRIBUTES: {name} is a column of orders already: remove it")
        if lower.count(name.lower()) > 1:
            raise ConfigurationError(f"ORDER_ATTRIBUTES names {name} more than once")
    return tuple(sorted(names))


def _expected_partners(text: str) -> Expected | None:
    """Parse `acme, globex:mon-fri, initech:tue+sat`; `none` expects no partner, an empty text is None."""
    if text.strip() in ("", "none"):
        return {} if text.strip() else None
    expected = {}
    for entry in text.split(","):
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


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def _setting(parse: Callable[[str], Any], default: str | None = "", **options: Any) -> Any:
    """Declare a field whose text `parse` converts; it raises ValueError with the problem, or a
    ConfigurationError with the whole message. Without a text, a default of None is the value."""
    return field(metadata={"parse": parse, "default": default}, **options)


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment's settings. Each is the environment variable of its name in capital letters; an empty
    one counts as not set. URIs have no trailing slash."""

    customer_hash_key: str = _setting(_hash_key)
    shop_timezone: str = _setting(
        _valid(lambda name: ZoneInfo(name).key, "is not an IANA timezone name such as Europe/Berlin"),
        "America/New_York",
    )
    reporting_currency: str = _setting(
        _matching("[A-Za-z]{3}", "is not a three-letter ISO 4217 code such as EUR", str.upper), "USD"
    )
    report_locale: str = _setting(
        _valid(_locale, "is no locale that Babel knows, such as en_US, de_CH or ja_JP"), "en_US"
    )
    bigquery_dataset: str = _setting(
        _matching(r"\w+", "may only hold letters, digits and underscores"), "sales"
    )
    bigquery_location: str = _setting(
        _matching(r"[A-Za-z0-9-]+", "is not a location such as EU or europe-west3"), "US"
    )
    staging_uri: str = _setting(_uri, "file:///opt/airflow/data/staging")
    reports_uri: str = _setting(_uri, "file:///opt/airflow/data/reports")
    models_uri: str = _setting(_uri, "file:///opt/airflow/data/models")
    pictures_uri: str = _setting(_uri, "file:///opt/airflow/data/pictures")
    partner_drop_uri: str = _setting(_uri, "file:///opt/airflow/data/partner_drop")
    refund_lookback_days: int = _setting(_days, "14")
    reconcile_days: int = _setting(_days, "35")
    staging_retention_days: int = _setting(_days, "14")
    log_retention_days: int = _setting(_days, "60")
    events_retention_days: int = _setting(_days, "400")
    maximum_bytes_billed: int = _setting(_number, str(100 * 1024**3))
    task_timeout_seconds: int = _setting(_seconds, "3600")
    run_timeout_seconds: int = _setting(_seconds, "21600")
    bigquery_job_timeout_seconds: int = _setting(_seconds, "1800")
    partner_file_max_lines: int = _setting(_number, "5000000")
    partner_file_max_bytes: int = _setting(_number, str(2 * 1024**3))
    partner_file_max_seconds: int = _setting(_seconds, "600")
    sync_start_date: date | None = _setting(_valid(date.fromisoformat, "is not a date like 2026-11-01"), None)  # noqa: RUF009
    order_attributes: tuple[str, ...] = _setting(_order_attributes)
    """Columns of the sources that pass through to `orders.attributes`, sorted by name."""
    report_attribute: str | None = _setting(str, None)
    """One of them, by which the daily report breaks down."""
    expected_partners: Expected | None = _setting(_expected_partners, None, hash=False)  # noqa: RUF009
    """None: learnt from what was delivered."""
    picture_networks: tuple[Network, ...] = _setting(
        _valid(_networks, "is not a list of networks such as 10.1.0.0/16,fd00::/8")
    )
    """Private networks from which pictures of the catalogue may be fetched."""
    holidays: str = _setting(str.strip)
    owner_link: str = _setting(
        _matching(
            r"(?:https?://[^\s/].*)?", "is not a web address such as https://wiki.example.com/sales-data"
        )
    )
    forecast_miss_alert_percent: int | None = _setting(_number, None)

    @property
    def zone(self) -> ZoneInfo:
        """The shop's timezone, in which business days begin at midnight."""
        return ZoneInfo(self.shop_timezone)

    @property
    def holiday_calendar(self) -> str:
        """The calendar of the package `holidays` that the forecast uses, such as `US` or `DE-BY`; empty for
        none. Unless HOLIDAYS is set, that of the country of the shop's timezone."""
        if self.holidays:
            return "" if self.holidays == "none" else self.holidays
        from babel.core import get_global

        return str(get_global("zone_territories").get(self.shop_timezone, ""))

    @property
    def staging_dataset(self) -> str:
        """The BigQuery dataset whose tables expire and hold one load's input."""
        return f"{self.bigquery_dataset}_staging"


_FIELDS = {each.name: each.metadata for each in fields(Settings)}


def load_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings; ConfigurationError with a line for each problem. Never called while a DAG file is
    parsed."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name in _FIELDS:
        try:
            values[name] = read_setting(name, env)
        except ConfigurationError as error:
            problems.append(str(error))
    shown, attributes = values["report_attribute"], values.get("order_attributes")
    if shown and attributes is not None and shown not in attributes:
        problems.append(
            f"REPORT_ATTRIBUTE={shown!r} is not one of ORDER_ATTRIBUTES ({', '.join(attributes) or 'none'})"
        )
    if problems:
        raise ConfigurationError("\n".join(problems))
    return Settings(**values)


def read_setting(name: str, env: Mapping[str, str] = os.environ) -> Any:
    """Read one setting, by the name of its field; ConfigurationError where it is malformed."""
    declared = _FIELDS[name]
    text = env.get(name.upper()) or declared["default"]
    try:
        return None if text is None else declared["parse"](text)
    except ValueError as error:
        raise ConfigurationError(f"{name.upper()}={mask_e_mails(text)!r} {error}") from None


def shop_timezone(env: Mapping[str, str] = os.environ) -> str:
    """Read the name of the shop's timezone."""
    return str(read_setting("shop_timezone", env))


def task_timeout(times: int = 1) -> timedelta:
    """Read the `execution_timeout` of tasks; `times` is 1 or `LONG`."""
    return times * timedelta(seconds=read_setting("task_timeout_seconds"))


def run_timeout(times: int = 1) -> timedelta:
    """Read the `dagrun_timeout` of DAGs; `times` is 1 or `LONG`."""
    return times * timedelta(seconds=read_setting("run_timeout_seconds"))


def owner_links(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return a DAG's `owner_links`, while its file is parsed; without OWNER_LINK the UI links the list of the
    owner's DAGs."""
    link = read_setting("owner_link", env)
    return {OWNER: link} if link else {}
