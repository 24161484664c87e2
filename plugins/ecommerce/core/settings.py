"""Settings that are fixed at deployment, from the environment (`.env.example` lists them all)."""

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, get_type_hints
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter

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


def _locale(text: str) -> str:
    from babel import Locale

    return str(Locale.parse(text.strip().replace("-", "_")))


def _uri(text: str) -> str:
    if not re.fullmatch(r"(file:///|(?!file:)[a-z][a-z0-9+.-]*://)[^\s/](.*\S)?", text):
        raise ValueError
    return text.rstrip("/")


def _order_attributes(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    if len(names) > MOST_ATTRIBUTES:
        raise ConfigurationError(
            f"ORDER_ATTRIBUTES names {len(names)} columns, more than {MOST_ATTRIBUTES}: add typed "
            "columns instead (README, Change an extract)"
        )
    table = read_sql("warehouse/tables/orders/table.sql")
    columns = re.findall(r"^ {4}`?(\w+)`? ", table, re.MULTILINE)
    lower = [
        name.lower() for name in names
    ]  # BigQuery and DuckDB ignore the case of column names
    for name in names:
        if not re.fullmatch(ATTRIBUTE_NAME, name):
            raise ConfigurationError(
                f"ORDER_ATTRIBUTES: {name!r} cannot name a column: use letters, digits and underscores (63 "
                "at most), and begin with no digit and no prefix that BigQuery reserves"
            )
        if name.lower() in columns:
            raise ConfigurationError(
                f"ORDER_ATTRIBUTES: {name} is a column of orders already: remove it"
            )
        if lower.count(name.lower()) > 1:
            raise ConfigurationError(f"ORDER_ATTRIBUTES names {name} more than once")
    return tuple(sorted(names))


def _expected_partners(text: str) -> Expected:
    """Parse `acme, globex:mon-fri, initech:tue+sat`; `none` expects no partner."""
    if text.strip() == "none":
        return {}
    expected = {}
    for entry in text.split(","):
        partner, _, spans = entry.partition(":")
        days: set[int] = set()
        try:
            for span in (spans.strip() or "mon-sun").lower().split("+"):
                bounds = [WEEKDAYS.index(day.strip()) for day in span.split("-")]
                first, last = bounds[0], bounds[-1]
                # A span may go over the end of the week: sat-mon.
                days.update(
                    (first + step) % 7 for step in range((last - first) % 7 + 1)
                )
        except ValueError:
            partner = ""
        if not partner.strip():
            raise ConfigurationError(
                f"EXPECTED_PARTNERS: {entry.strip()!r} is neither a partner's name nor one with weekdays, "
                "such as acme:mon-fri or acme:tue+sat"
            )
        expected[partner.strip()] = frozenset(days)
    return expected


def _networks(text: str) -> list[str]:
    return [network.strip() for network in text.split(",") if network.strip()]


# The last entry of each is the problem of a malformed value, unless the validator has a sentence of its own.
Uri = Annotated[
    str,
    AfterValidator(_uri),
    "is not a URI: begin it with file:/// and a folder, gs:// or s3://",
]
Count = Annotated[int, Field(ge=1), "is not a positive whole number"]
Days = Annotated[int, Field(ge=1, le=36_500), "is not a whole number from 1 to 36500"]
Seconds = Annotated[
    int, Field(ge=1, le=30 * 86_400), "is not a whole number from 1 to 2592000"
]


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment's settings. Each is the environment variable of its name in capital letters; an empty
    one counts as not set. URIs have no trailing slash."""

    customer_hash_key: Annotated[
        str,
        Field(min_length=16),
        "is missing or shorter than 16 characters: set it once to a long random text and keep it, because it "
        "identifies customers across sources",
    ]
    shop_timezone: Annotated[
        str,
        AfterValidator(lambda name: ZoneInfo(name).key),
        "is not an IANA timezone name such as Europe/Berlin",
    ] = "America/New_York"
    reporting_currency: Annotated[
        str,
        Field(pattern="^[A-Za-z]{3}$"),
        AfterValidator(str.upper),
        "is not a three-letter ISO 4217 code such as EUR",
    ] = "USD"
    report_locale: Annotated[
        str,
        AfterValidator(_locale),
        "is no locale that Babel knows, such as en_US, de_CH or ja_JP",
    ] = "en_US"
    bigquery_dataset: Annotated[
        str,
        Field(pattern="^[A-Za-z0-9_]+$"),
        "may only hold letters, digits and underscores",
    ] = "sales"
    bigquery_location: Annotated[
        str,
        Field(pattern="^[A-Za-z0-9-]+$"),
        "is not a location such as EU or europe-west3",
    ] = "US"
    staging_uri: Uri = "file:///opt/airflow/data/staging"
    reports_uri: Uri = "file:///opt/airflow/data/reports"
    models_uri: Uri = "file:///opt/airflow/data/models"
    pictures_uri: Uri = "file:///opt/airflow/data/pictures"
    partner_drop_uri: Uri = "file:///opt/airflow/data/partner_drop"
    refund_lookback_days: Days = 14
    reconcile_days: Days = 35
    staging_retention_days: Days = 14
    log_retention_days: Days = 60
    events_retention_days: Days = 400
    maximum_bytes_billed: Count = 100 * 1024**3
    task_timeout_seconds: Seconds = 3600
    run_timeout_seconds: Seconds = 21600
    bigquery_job_timeout_seconds: Seconds = 1800
    partner_file_max_lines: Count = 5_000_000
    partner_file_max_bytes: Count = 2 * 1024**3
    partner_file_max_seconds: Seconds = 600
    sync_start_date: Annotated[date | None, "is not a date like 2026-11-01"] = None
    order_attributes: Annotated[
        tuple[str, ...], BeforeValidator(_order_attributes)
    ] = ()
    """Columns of the sources that pass through to `orders.attributes`, sorted by name."""
    report_attribute: str | None = None
    """One of them, by which the daily report breaks down."""
    expected_partners: Annotated[
        Expected | None, BeforeValidator(_expected_partners)
    ] = field(default=None, hash=False)
    """None: learnt from what was delivered."""
    picture_networks: Annotated[
        tuple[Network, ...],
        BeforeValidator(_networks),
        "is not a list of networks such as 10.1.0.0/16,fd00::/8",
    ] = ()
    """Private networks from which pictures of the catalogue may be fetched."""
    holidays: Annotated[str, AfterValidator(str.strip)] = ""
    owner_link: Annotated[
        str,
        Field(pattern=r"^https?://[^\s/]"),
        "is not a web address such as https://wiki.example.com/sales-data",
    ] = ""
    forecast_miss_alert_percent: Annotated[
        int | None, Field(ge=1), "is not a positive whole number"
    ] = None

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


_FIELDS = {each.name: each for each in fields(Settings)}
_TYPES = get_type_hints(Settings, include_extras=True)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_TYPES[name])


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
    text, default = env.get(name.upper()) or "", _FIELDS[name].default
    if not text.strip() and default is not MISSING:
        return default
    try:
        return _adapter(name).validate_python(text)
    except ConfigurationError:
        raise
    except Exception:  # of pydantic, or of a library that a validator calls
        shown = "" if name == "customer_hash_key" else f"={mask_e_mails(text)!r}"
        raise ConfigurationError(
            f"{name.upper()}{shown} {_TYPES[name].__metadata__[-1]}"
        ) from None


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
