"""Settings that are fixed at deployment, from the environment (`.env.example` lists them all)."""

import os
import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    Json,
    PositiveInt,
    ValidationError,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.text import DEFAULT_LOCALE, parse_locale
from ecommerce.core.values import Values

OWNER = "data-engineering"
"""The owner of the DAGs."""
Network = IPvAnyNetwork
Expected = Mapping[str, frozenset[int]]
"""The weekdays (0 is Monday) on which each partner delivers, or `WORKDAYS`."""
WORKDAYS = 7
"""In place of a weekday: Monday to Friday without public holidays."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ATTRIBUTE_NAME = r"(?i)(?!_(table_|file_|partition|row_timestamp|_root__|colidentifier))[a-z_][a-z0-9_]{0,62}"
"""A column name that is valid everywhere; BigQuery reserves some prefixes."""
NO_NEW_COLUMN = (
    "cannot name a new column of orders: use letters, digits and underscores, no name twice and none that "
    "orders has"
)
LONG = 4
"""The factor of the timeouts of tasks that read, train on or fetch years of history at once."""


def _timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError):  # unknown, or a folder of the database
        raise ValueError("use an IANA name such as Europe/Berlin") from None


def known_locale(text: str) -> str:
    """Return the name of a locale; ValueError where Babel does not know it."""
    from babel import UnknownLocaleError

    try:
        return str(parse_locale(text))
    except (ValueError, UnknownLocaleError):
        raise ValueError("use one that Babel knows, such as de_CH or ja_JP") from None


def _order_attributes(text: str) -> list[str]:
    names = sorted(name.strip() for name in text.split(","))
    taken = set()
    for name in names:
        # BigQuery and DuckDB ignore the case of a column's name.
        if not re.fullmatch(ATTRIBUTE_NAME, name) or name.lower() in taken:
            raise ValueError(f"{name!r} {NO_NEW_COLUMN}")
        taken.add(name.lower())
    return names


def _words(text: str) -> list[str]:
    return [word for each in text.split(",") if (word := each.strip())]


def _expected_partners(text: str) -> Expected:
    """Parse `acme, globex:mon-fri, initech:tue+sat`; `none` expects no partner. Raises ValueError."""
    if text.strip() == "none":
        return {}
    expected = {}
    for entry in text.replace(" ", "").split(","):
        partner, _, spans = entry.partition(":")
        if not partner:
            raise ValueError
        expected[partner] = _weekdays(spans or "mon-sun")
    return expected


def _weekdays(spans: str) -> frozenset[int]:
    """Parse `tue+sat`, `mon-fri`, `sat-mon` or `workdays+sat`. Raises ValueError."""
    days: set[int] = set()
    # A span may end in the next week.
    two_weeks = WEEKDAYS * 2
    for span in spans.lower().split("+"):
        if span == "workdays":
            days.add(WORKDAYS)
            continue
        first, _, last = span.partition("-")
        start = two_weeks.index(first)
        end = two_weeks.index(last or first, start)
        days.update(day % 7 for day in range(start, end + 1))
    return frozenset(days)


Uri = Annotated[
    str,
    Field(
        pattern=r"^(file:///|gs://|s3://|[a-eg-z][a-z0-9+.-]*://)[^\s/](.*\S)?$",
        description="a URI: begin it with file:/// and a folder, gs:// or s3://",
    ),
    AfterValidator(lambda uri: uri.rstrip("/")),
]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Label = Annotated[str, Field(pattern=r"\S")]
ShopName = Annotated[str, Field(pattern="^[a-z][a-z0-9]{0,19}$")]
SHOPS_EXAMPLE = '{"shopify": ["de", "fr"]}'
Days = Annotated[int, Field(ge=1, le=36_500)]
Seconds = Annotated[int, Field(ge=1, le=30 * 86_400)]


class _Environment(BaseSettings):
    """Environment variables of the fields' names in capital letters. An empty one counts as not set."""

    model_config = SettingsConfigDict(
        enable_decoding=False,
        env_ignore_empty=True,
        frozen=True,
        validate_default=False,
    )

    @classmethod
    def read(cls) -> Self:
        """Read the environment, once as long as it stays the same; ConfigurationError with a line for each
        problem."""
        return cls._read(frozenset(os.environ.items()))

    @classmethod
    @lru_cache
    def _read(cls, environ: object) -> Self:
        try:
            return cls()
        except ValidationError as error:
            lines = [_line(cls, problem) for problem in error.errors()]
        raise ConfigurationError("\n".join(lines))


class ShopSettings(_Environment):
    """The shops, which are read while a DAG file is parsed, where an invalid value counts as none
    (`sources.live_sources`)."""

    shops: Json[Mapping[str, tuple[ShopName, ...]]] = Field(
        {},
        description=f"JSON with names of shops by platform, such as {SHOPS_EXAMPLE}; a name has up to 20 "
        "lower-case letters and digits, and begins with a letter",
    )

    @property
    def shop_names(self) -> list[str]:
        """The names of their sources."""
        return [
            f"{platform}_{name}"
            for platform in self.shops
            for name in self.shops[platform]
        ]


class DagSettings(_Environment):
    """The settings that are read without the others: while a DAG file is parsed, and by storage.

    All have defaults, so that a missing secret fails one task, and not the import of every DAG.
    """

    shop_timezone: Annotated[str, AfterValidator(_timezone)] = "America/New_York"
    staging_uri: Uri = "file:///opt/airflow/data/staging"
    task_timeout_seconds: Seconds = 3600
    run_timeout_seconds: Seconds = 21600
    owner_link: str = Field(
        "",
        pattern=r"^https?://[^\s/]",
        description="a web address such as https://wiki.example.com/sales-data",
    )


class Settings(DagSettings, ShopSettings):
    """One deployment's settings. URIs have no trailing slash."""

    customer_hash_key: str = Field(
        min_length=16,
        repr=False,
        description="a random text of 16 characters or more: set it once and keep it, because it identifies "
        "customers across sources",
    )
    reporting_currency: Annotated[str, AfterValidator(str.upper)] = Field(
        "USD",
        pattern="^[A-Za-z]{3}$",
        description="a three-letter ISO 4217 code such as EUR",
    )
    report_locale: Annotated[str, AfterValidator(known_locale)] = DEFAULT_LOCALE
    shop_labels: Json[Mapping[str, Label]] = Field(
        {},
        description='JSON with a name for each source or channel, such as {"storefront": "Agora online"}',
    )
    """Read by `core.text.shop_label`."""
    bigquery_dataset: str = Field(
        "sales",
        pattern="^[A-Za-z0-9_]+$",
        description="a name of letters, digits and underscores",
    )
    bigquery_location: str = Field(
        "US",
        pattern="^[A-Za-z0-9-]+$",
        description="a location such as EU or europe-west3",
    )
    reports_uri: Uri = "file:///opt/airflow/data/reports"
    models_uri: Uri = "file:///opt/airflow/data/models"
    pictures_uri: Uri = "file:///opt/airflow/data/pictures"
    partner_drop_uri: Uri = "file:///opt/airflow/data/partner_drop"
    targets_uri: Uri | None = None
    """None: the folder include/targets."""
    refund_lookback_days: Days = 14
    reconcile_days: Days = 35
    staging_retention_days: Days = 14
    log_retention_days: Days = 60
    events_retention_days: Days = 400
    maximum_bytes_billed: PositiveInt = 100 * 1024**3
    bigquery_job_timeout_seconds: Seconds = 1800
    partner_file_max_lines: PositiveInt = 5_000_000
    partner_file_max_bytes: PositiveInt = 2 * 1024**3
    partner_file_max_seconds: Seconds = 600
    sync_start_date: date | None = Field(None, description="a date like 2026-11-01")
    order_attributes: Annotated[
        tuple[str, ...], BeforeValidator(_order_attributes)
    ] = ()
    """Columns of the sources that pass through to `orders.attributes`, sorted by name."""
    report_attribute: str | None = None
    """One of them, by which the daily report breaks down."""
    payment_fee_meta: Words = ()
    """Further meta data of WooCommerce's orders that have the fee of the payment."""
    gateways_without_fees: Annotated[Words, BeforeValidator(str.lower)] = ()
    """Gateways, in lower case, whose payments cost no fee, such as a bank transfer."""
    payout_days: Days = 14
    """After these, an order that is not paid out is listed."""
    expected_partners: Annotated[
        Expected | None, BeforeValidator(_expected_partners)
    ] = Field(
        None, description="a list such as acme,globex:workdays,initech:tue+sat, or none"
    )
    """None: learnt from what was delivered."""
    picture_networks: Annotated[
        tuple[Network, ...],
        BeforeValidator(lambda text: text.replace(",", " ").split()),
    ] = ()
    """Private networks from which pictures of the catalogue may be fetched."""
    holidays: str = ""
    forecast_miss_alert_percent: PositiveInt | None = None

    @property
    def holiday_calendar(self) -> str:
        """The calendar of the package `holidays`, such as `US` or `DE-BY`; empty for none. Unless HOLIDAYS is
        set, that of the country of the shop's timezone."""
        if self.holidays == "none":
            return ""
        if self.holidays:
            return self.holidays
        from babel.core import get_global

        return str(get_global("zone_territories").get(self.shop_timezone, ""))

    @property
    def staging_dataset(self) -> str:
        """The BigQuery dataset whose tables expire and hold one load's input."""
        return f"{self.bigquery_dataset}_staging"


def load_settings() -> Settings:
    """Read all settings; ConfigurationError with a line for each problem. Never called while a DAG file is
    parsed."""
    settings = Settings.read()
    attribute = settings.report_attribute
    if attribute and attribute not in settings.order_attributes:
        known = ", ".join(settings.order_attributes) or "none"
        raise ConfigurationError(
            f"REPORT_ATTRIBUTE={attribute!r} is not one of ORDER_ATTRIBUTES ({known})"
        )
    return settings


def _line(kind: type[_Environment], problem: ErrorDetails) -> str:
    """Return the line of an invalid setting: its name, its value unless it is a secret, and what is wrong."""
    name = str(problem["loc"][0])
    field = kind.model_fields[name]
    shown = name.upper()
    if field.repr:
        shown += f"={mask_e_mails(os.environ.get(shown, ''))!r}"
    if field.description:
        return f"{shown} is not {field.description}"
    return f"{shown}: {problem['msg'].removeprefix('Value error, ')}"


def shop_timezone() -> str:
    """Read the name of the shop's timezone."""
    return DagSettings.read().shop_timezone


def task_timeout(times: int = 1) -> timedelta:
    """Read the `execution_timeout` of tasks; `times` is 1 or `LONG`."""
    return times * timedelta(seconds=DagSettings.read().task_timeout_seconds)


def run_timeout(times: int = 1) -> timedelta:
    """Read the `dagrun_timeout` of DAGs; `times` is 1 or `LONG`."""
    return times * timedelta(seconds=DagSettings.read().run_timeout_seconds)


def owner_links() -> Values:
    """Return a DAG's `owner_links`, while its file is parsed; without OWNER_LINK the UI links the list of the
    owner's DAGs."""
    link = DagSettings.read().owner_link
    return {OWNER: link} if link else {}
