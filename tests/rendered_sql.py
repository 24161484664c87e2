"""The SQL files of include/sql/warehouse, report and forecast, rendered with sample values."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePath

import sqlparse
from jinja2 import meta

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.core import templates
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.events.loading import EVENTS
from ecommerce.forecast.loading import FORECASTS
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse import rendering
from tests.settings import settings_of

DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 8)]
STORED = (
    "orders",
    "refunds",
    "exchange_rates",
    "loaded_files",
    "payments",
    "load_audit",
    "rejected_rows",
    "removed_orders",
    "products",
    "forgotten_hashes",
    "order_lines",
    "user_events",
    "changed_rates",
    "report_deliveries",
)
"""Names of days that look-ups find."""
STAGING = "0123456789ab"
SETTINGS = {
    "BIGQUERY_DATASET": "sales",
    "ORDER_ATTRIBUTES": "sales_channel,_wc_order_attribution_utm_source,group",
    "REPORT_ATTRIBUTE": "sales_channel",
    "SHOPS": '{"storefront": ["outlet"], "shopify": ["de", "fr"]}',
    "SHOP_LABELS": '{"shopify_de": "Agora"}',
    # 8 March is a public holiday.
    "HOLIDAYS": "DE-BE",
}
SPECS = (
    ORDERS,
    EVENTS,
    CATALOGUE,
    FORECASTS,
)
"""What the domains load. SQL that no other domain has is rendered for the first."""
NUMBERS = re.compile(r"most|count|limit|seconds|only")
TEXTS = re.compile(r"hash|message_id|source|token|owner")
INSTANTS = re.compile(r"_at$")
MAILS = ("", "board")
"""That of the daily report, and that of a subscription."""
MAPPINGS = {
    "copies": {"orders": 5},
    "reported": dict.fromkeys(HEADLINE, 100),
    "hashes": dict.fromkeys(MAILS, "0a1b"),
    "message_ids": dict.fromkeys(MAILS, "<0a1b@example.com>"),
    "leases": dict.fromkeys(MAILS, 600),
    "queried_at": dict.fromkeys(MAILS, datetime(2026, 3, 3, 11, tzinfo=UTC)),
    "net_sales": {"": None, "board": 100},
}
PERIODS = {
    "slices": [{}, {"category": ["Toys", 'a "big`one\\'], "source": ["storefront"]}],
    "first": DAYS[1],
    "before": DAYS[0],
    "before_last": DAYS[0],
    "year_before": date(2025, 3, 2),
    "year_before_last": date(2025, 3, 9),
}
"""What the macros of `slices.sql` use."""


def spec_of(table):
    """What the domain loads that writes a table."""
    return next((spec for spec in SPECS if table in spec.tables), SPECS[0])


@dataclass(frozen=True)
class Statement:
    """One statement of a rendered file; `name` is `<path>:<number>`."""

    name: str
    sql: str


def paths():
    """Every SQL file, in an order in which each finds the tables it names."""
    root = rendering.SQL_ROOT
    found = []
    for folder in ("warehouse", "report", "forecast"):
        for path in (root / folder).rglob("*.sql"):
            found.append(path.relative_to(root).as_posix())
    first = (
        r"warehouse/tables/\w+/table",
        *(f"warehouse/tables/{view}/view" for view in rendering.views()),
        r"warehouse/loads/\w+/staging/",
        r"warehouse/loads/\w+/staged_totals",
        r"warehouse/loads/\w+/find_changes",
        "",
    )

    def place(path):
        return [bool(re.match(pattern, path)) for pattern in first].index(True)

    return sorted(sorted(found), key=place)


def statements(path, *, bundled=False):
    """The statements of a file, rendered with sample values; none for a file that only holds macros. The
    argument `bundled` is that of `rendering.render`."""
    parts = split(rendered(path, settings_of(SETTINGS), bundled=bundled))
    numbered = enumerate(without_variables(parts), start=1)
    return [Statement(f"{path}:{number}", each) for number, each in numbered]


def without_variables(parts):
    """The statements of a script with parameters in place of its variables, which the analyzer lacks.
    BigQuery treats both as constants."""
    declared = set()
    kept = []
    for part in parts:
        variables = re.findall(r"^DECLARE (\w+) ", part)
        declared.update(variables)
        if not variables:
            kept.append(re.sub(r"^SET \w+ =", "SELECT", part))
    if not declared:
        return kept
    names = re.compile(rf"(?<!@)\b({'|'.join(declared)})\b")
    return [names.sub(r"@\1", part) for part in kept]


def rendered(path, settings, *, bundled=False):
    """A file rendered for sample days."""
    source = (rendering.SQL_ROOT / path).read_text()
    parsed = templates.environment(rendering.SQL_ROOT).parse(source)
    # What `render` itself defines wins.
    values = {name: sample(name) for name in meta.find_undeclared_variables(parsed)}
    values |= {
        "business_date": DAYS[-1],
        "last_day": DAYS[-1],
        "lock_token": "0a1b",
        "earliest_date": DAYS[0],
        "days": DAYS,
        "read_days": DAYS,
        "report_day": None,
        "stored": dict.fromkeys(STORED, DAYS),
        "arriving": (*STORED, "payouts", "control_totals"),
        "staging": STAGING,
        "bundled": bundled,
        "settings": settings,
        "spec": next(
            (spec for spec in SPECS if f"/loads/{spec.name}/" in path),
            spec_of(PurePath(path).parent.name),
        ),
    }
    if path.endswith("/view.sql"):
        # All days of the view, not those of a report.
        values |= {"days": None, "read_days": None}
        values.pop("base", None)
    if path.startswith("report/"):
        values["report_day"] = DAYS[-1]
    if path.startswith("report/periods/"):
        values |= PERIODS
    return rendering.render(path, **values)


def sample(name):
    """A value for a name in a template."""
    if name in MAPPINGS:
        return MAPPINGS[name]
    if INSTANTS.search(name):
        return datetime(2026, 3, 8, 11, tzinfo=UTC)
    if TEXTS.search(name):
        return "0a1b"
    return 5 if NUMBERS.search(name) else DAYS[-1]


def split(sql):
    """The statements of a script, without the comments before each. Google's parser finds the same, but
    compiling it takes half a minute."""
    statements = []
    for text in sqlparse.split(sql):
        statement = re.sub(r"\A(--[^\n]*\s*)+", "", text).removesuffix(";").rstrip()
        if statement:
            statements.append(statement)
    return statements
