"""Changes of a sound warehouse, each with the number of rows that its check then finds: none below its limit."""

from dataclasses import dataclass

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.events.loading import EVENTS
from ecommerce.forecast.loading import FORECASTS
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.spec import LoadSpec

Rows = dict[str, tuple[str, list[str]]]
"""By table: its columns, and rows as tuples of SQL."""
EVENT = (
    "business_date, event_id, occurred_at, received_at, event_type, visitor_hash, is_bot, is_skewed, "
    "read_at, run_id"
)
LATER = "TIMESTAMP '2026-03-03 11:00:00+00', 'run'"
SESSION = (
    "business_date, session_key, visitor_hash, started_at, ended_at, events, viewed, added, checkout, "
    "purchased, is_bot"
)
EVENT_ROWS: Rows = {
    "user_events": (
        EVENT,
        [
            f"('2026-03-02', '{event}', '2026-03-02 15:0{minute}:00+00', '2026-03-02 15:0{minute}:00+00', "
            f"'{event}', 'ann', FALSE, FALSE, {LATER})"
            for minute, event in enumerate(("view_item", "add_to_cart"))
        ],
    ),
    "daily_events": (
        "business_date, event_type, events, bot_events",
        [f"('2026-03-02', '{event}', 1, 0)" for event in ("view_item", "add_to_cart")],
    ),
    "sessions": (
        SESSION,
        [
            "('2026-03-02', 's1', 'ann', '2026-03-02 15:00:00+00', '2026-03-02 15:01:00+00', 2, TRUE, TRUE, "
            "FALSE, FALSE, FALSE)"
        ],
    ),
    "daily_funnel": (
        "business_date, step, device, referrer, sessions, visitors, bot_sessions",
        [
            f"('2026-03-02', '{step}', 'mobile', 'x', 1, 1, 0)"
            for step in ("session", "view_item", "add_to_cart")
        ],
    ),
}
PICTURE = "sku, state, sha256, picture_uri, thumbnail_uri, first_seen_at, last_seen_at, run_id"
SEEN = "'2026-03-02 11:00:00+00', '2026-03-02 11:00:00+00', 'run'"
PICTURE_ROWS: Rows = {
    "product_pictures": (PICTURE, [f"('lamp', 'ok', 'a', 'p', 't', {SEEN})"]),
    "products": ("sku, picture_uri, thumbnail_uri", ["('lamp', 'p', 't')"]),
}
FORECAST_ROWS: Rows = {
    "sales_forecasts": (
        "series, target_date, model, made_at, forecast, lower_80, upper_80, lower_95, upper_95, run_id",
        [
            "('total', '2026-03-02', 'blend', '2026-03-01 05:00:00+00', 5, 4, 6, 3, 7, 'run')"
        ],
    ),
}


@dataclass(frozen=True)
class Flaw:
    """A change of tables, written as `{table}`, and what the check finds after it; `{day}` is Monday."""

    check: str
    change: str
    rows: int = 1
    spec: LoadSpec = ORDERS


def twice(check: str, where: str = "TRUE", spec: LoadSpec = ORDERS) -> Flaw:
    """Store the rows of a table twice."""
    table = check.partition(":")[0]
    change = f"INSERT INTO {{{table}}} SELECT * FROM {{{table}}} WHERE {where}"
    return Flaw(check, change, spec=spec)


def rejected(number: int) -> str:
    """Add rejected records of the sales database."""
    return (
        "INSERT INTO {rejected_rows} (business_date, source, run_id, row_number, reason) SELECT "
        "DATE '2026-03-02', 'sales_db', 'run', number, 'invalid_quantity' "
        f"FROM UNNEST(GENERATE_ARRAY(1, {number})) AS number"
    )


def read(number: int) -> str:
    """Let the read of the sales database have so many records."""
    return (
        f"; UPDATE {{load_audit}} SET rows_read = {number}, rows_accepted = 0 "
        "WHERE {day} AND source = 'sales_db'"
    )


def amounts(table: str, where: str, check: str, *columns: str) -> list[Flaw]:
    """Change each of the columns by a cent."""
    return [
        Flaw(check, f"UPDATE {{{table}}} SET {column} = {column} + 0.01 WHERE {where}")
        for column in columns
    ]


OF_DAY = "orders: each is stored under the shop day of its creation"
SUMS = "orders: amounts are the sums of the lines"
STATUS = "order_lines: each line has an order of the same status"
NUMBERS = "daily_summary: orders, customers and units are those of the tables"
LISTED = "customers: every customer with an order is listed since the first order"
COUNTED = "load_audit: the orders the source counts are in the warehouse"
ACCOUNTED = "load_audit: every record read was accepted, rejected or superseded"
SUMMED = "load_audit: the amount the source sums up is in the warehouse"
ONE_PERCENT = "load_audit: at most 1 % of a source is rejected"
TOO_MANY = "load_audit: at most 20 % of a source is rejected (more than 50 records)"
FUTURE = "{} = TIMESTAMP_ADD(read_at, INTERVAL {} SECOND)"
DOUBLES = "exchange_rates: no rate doubles or halves"
KEY = "orders: key and currency are not empty"
SALES_FLAWS = [
    twice("orders: one row per order", "order_id = '2'"),
    Flaw(KEY, "UPDATE {orders} SET currency = '' WHERE order_id = '2'"),
    Flaw(KEY, "UPDATE {orders} SET source = '' WHERE order_id = '2'"),
    Flaw(KEY, "UPDATE {orders} SET order_id = '' WHERE order_id = '2'"),
    Flaw(
        OF_DAY,
        "UPDATE {orders} SET ordered_at = '2026-03-03 05:00:00+00' WHERE order_id = '2'",
    ),
    Flaw(
        OF_DAY,
        "UPDATE {orders} SET ordered_at = '2026-03-03 04:59:59+00' WHERE order_id = '2'",
        0,
    ),
    Flaw(SUMS, "DELETE FROM {order_lines} WHERE {day} AND order_id = '2'"),
    Flaw(SUMS, "UPDATE {orders} SET item_count = 2 WHERE order_id = '2'"),
    *amounts("orders", "order_id = '2'", SUMS, "gross_amount", "discount_amount"),
    twice("order_lines: one row per line", "{day} AND order_id = '2'"),
    Flaw(STATUS, "UPDATE {orders} SET is_sale = FALSE WHERE order_id = '2'"),
    Flaw(STATUS, "UPDATE {orders} SET is_test = TRUE WHERE order_id = '2'"),
    Flaw(STATUS, "UPDATE {orders} SET currency = 'JPY' WHERE order_id = '2'"),
    Flaw(STATUS, "DELETE FROM {orders} WHERE order_id = '2'"),
    *amounts(
        "order_lines",
        "{day} AND order_id = '2'",
        "order_lines: gross less discount is the amount after discount",
        "discount_amount",
        "amount_after_discount",
    ),
    twice("refunds: one row per refund and line", "{day}"),
    Flaw(
        "refunds: each is stored under the shop day it was made",
        "UPDATE {refunds} SET refunded_at = '2026-03-03 05:00:00+00' WHERE {day}",
    ),
    twice("daily_sales: one row per key", "{day} AND returns = 0"),
    Flaw(
        "daily_sales: the sums are those of order_lines and refunds",
        "DELETE FROM {refunds} WHERE {day}",
    ),
    *amounts(
        "daily_sales",
        "{day} AND returns = 0",
        "daily_sales: the sums are those of order_lines and refunds",
        "units",
        "gross_sales",
        "discounts",
    ),
    Flaw(
        "daily_summary: one row for every day with orders or refunds",
        "DELETE FROM {daily_summary} WHERE TRUE",
    ),
    twice("daily_summary: one row for every day with orders or refunds"),
    *amounts("daily_summary", "TRUE", NUMBERS, "units"),
    Flaw(NUMBERS, "UPDATE {daily_summary} SET customers = 2 WHERE TRUE"),
    Flaw(NUMBERS, "UPDATE {daily_summary} SET orders = 3 WHERE TRUE"),
    *amounts(
        "daily_summary",
        "TRUE",
        "daily_summary: the amounts are those of daily_sales",
        "gross_sales",
        "discounts",
        "returns",
        "net_sales",
    ),
    Flaw(
        "exchange_rates: rates are positive",
        "UPDATE {exchange_rates} SET rate = 0 WHERE currency = 'JPY'",
    ),
    twice("exchange_rates: one rate per day and currency", "currency = 'JPY'"),
    twice("customers: one row per customer"),
    Flaw(LISTED, "DELETE FROM {customers} WHERE TRUE", 2),
    Flaw(
        LISTED,
        "UPDATE {customers} SET first_ordered_at = '2026-03-02 15:00:01+00' WHERE TRUE",
        2,
    ),
    *(
        Flaw(
            ACCOUNTED,
            f"UPDATE {{load_audit}} SET {column} = {column} + 1 WHERE {{day}} AND source = 'sales_db'",
        )
        for column in ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")
    ),
    *(
        Flaw(
            COUNTED,
            f"UPDATE {{load_audit}} SET source_orders = {number} WHERE {{day}} AND source = 'sales_db'",
        )
        for number in (1, 3)
    ),
    Flaw(
        COUNTED,
        "UPDATE {load_audit} SET source_orders = 3, rows_rejected = 1 WHERE {day} AND source = 'sales_db'",
        0,
    ),
    Flaw(
        SUMMED,
        "UPDATE {load_audit} SET source_amount = 20.01 WHERE {day} AND source = 'sales_db'",
    ),
    Flaw(ONE_PERCENT, rejected(1) + read(100), 0),
    Flaw(ONE_PERCENT, rejected(1) + read(99)),
    Flaw(TOO_MANY, rejected(51) + read(254)),
    Flaw(TOO_MANY, rejected(51) + read(255), 0),
    Flaw(TOO_MANY, rejected(50) + read(50), 0),
    *(
        Flaw(
            f"{table}: none is dated in the future",
            f"UPDATE {{{table}}} SET {FUTURE.format(column, seconds)} WHERE {{day}}",
            rows,
        )
        for table, column, found in (
            ("orders", "ordered_at", 2),
            ("refunds", "refunded_at", 1),
        )
        for seconds, rows in ((86_401, found), (86_400, 0))
    ),
    *(
        Flaw(
            DOUBLES,
            f"INSERT INTO {{exchange_rates}} (rate_date, currency, rate) VALUES ('{day}', 'JPY', {rate})",
            rows,
        )
        for day, rate, rows in (
            ("2026-03-01", "80.75", 0),
            ("2026-03-01", "80.74", 1),
            ("2026-03-01", "323", 0),
            ("2026-03-01", "323.01", 1),
            ("2026-02-20", "1", 1),
            ("2026-03-03", "1", 0),
        )
    ),
]

COUNTS = "daily_events: the counts are those of user_events"
HAS_EVENTS = "daily_events: the day has events"
TRACKED = "daily_events: every tracked funnel step still has events"
STEPS = "daily_funnel: no step has more sessions than the one before"
KNOWN_SKUS = "user_events: the SKUs are known"
VISITORS = "user_events: events have a visitor"
HUMANS = "sessions: most are of humans"


def weeks_before(least: int) -> str:
    """A day without events, after four such weekdays with at least so many."""
    return (
        "DELETE FROM {daily_events} WHERE {day}; INSERT INTO {daily_events} "
        "(business_date, event_type, events, bot_events) VALUES ('2026-02-23', 'scroll', 100, 0), "
        f"('2026-02-16', 'scroll', 60, 0), ('2026-02-16', 'view_item', {least - 60}, 0), "
        "('2026-02-09', 'scroll', 100, 0), ('2026-02-02', 'scroll', 100, 0)"
    )


def days_before(days: int, least: int) -> str:
    """So many days before with 20 begun checkouts each, the last of them with at least `least`."""
    return (
        "INSERT INTO {daily_events} (business_date, event_type, events, bot_events) "
        "SELECT DATE_SUB(DATE '2026-03-02', INTERVAL number DAY), 'begin_checkout', "
        f"IF(number = 1, {least}, 20), 0 FROM UNNEST(GENERATE_ARRAY(1, {days})) AS number"
    )


def events(number: int, visitor: str, sku: str = "NULL") -> str:
    """So many more events of Monday."""
    return (
        f"INSERT INTO {{user_events}} ({EVENT}, sku) SELECT DATE '2026-03-02', "
        f"CONCAT({visitor}, CAST(number AS STRING)), TIMESTAMP '2026-03-02 18:00:00+00', "
        "TIMESTAMP '2026-03-02 18:00:00+00', 'scroll', "
        f"NULLIF({visitor}, 'nobody'), FALSE, FALSE, {LATER}, {sku} "
        f"FROM UNNEST(GENERATE_ARRAY(1, {number})) AS number; "
    )


def in_funnel(step: str, sessions: int, rows: int = 1) -> Flaw:
    change = f"UPDATE {{daily_funnel}} SET sessions = {sessions} WHERE {{day}} AND step = '{step}'"
    return Flaw(STEPS, change, rows)


EVENT_FLAWS = [
    Flaw(
        COUNTS,
        "UPDATE {daily_events} SET events = 2 WHERE event_type = 'view_item' AND {day}",
    ),
    Flaw(COUNTS, "DELETE FROM {daily_events} WHERE {day} AND event_type = 'view_item'"),
    Flaw(HAS_EVENTS, weeks_before(100)),
    Flaw(HAS_EVENTS, weeks_before(99), 0),
    Flaw(TRACKED, days_before(7, 20)),
    Flaw(TRACKED, days_before(7, 19), 0),
    Flaw(TRACKED, days_before(6, 20), 0),
    twice("daily_funnel: one row per key", "{day} AND step = 'session'"),
    Flaw(
        "daily_funnel: its sessions are those of the table sessions",
        "UPDATE {daily_funnel} SET bot_sessions = 1 WHERE {day} AND step = 'session'",
    ),
    in_funnel("add_to_cart", 2),
    in_funnel("view_item", 2),
    in_funnel("add_to_cart", 1, rows=0),
    twice("user_events: one row per event", "{day} AND event_id = 'view_item'"),
    Flaw(
        "user_events: each is stored under the shop day it occurred",
        "UPDATE {user_events} SET occurred_at = '2026-03-03 05:00:00+00' WHERE {day} AND event_id = 'view_item'",
    ),
    Flaw(KNOWN_SKUS, events(98, "'a'", "'lamp'") + events(1, "'b'", "'nope'")),
    Flaw(KNOWN_SKUS, events(99, "'a'", "'lamp'") + events(1, "'b'", "'nope'"), 0),
    Flaw(VISITORS, events(16, "'bob'") + events(1, "'nobody'")),
    Flaw(VISITORS, events(17, "'bob'") + events(1, "'nobody'"), 0),
    twice("sessions: one row per session", "{day}"),
    Flaw(
        "sessions: each is stored under the shop day it began",
        "UPDATE {sessions} SET started_at = '2026-03-02 04:59:59+00' WHERE {day}",
    ),
    Flaw(
        "sessions: event counts match user_events",
        "UPDATE {sessions} SET events = 3 WHERE {day}",
    ),
    Flaw(
        "sessions: event counts match user_events",
        "UPDATE {sessions} SET ended_at = '2026-03-02 15:00:59+00' WHERE {day}",
    ),
    Flaw("sessions: every event of a visitor is in a session", events(1, "'ann'")),
    Flaw(
        "sessions: every event of a visitor is in a session", events(1, "'nobody'"), 0
    ),
    Flaw(HUMANS, "UPDATE {sessions} SET is_bot = TRUE WHERE {day}"),
    Flaw(
        HUMANS,
        f"INSERT INTO {{sessions}} ({SESSION}) VALUES ('2026-03-02', 's2', 'bot', "
        "'2026-03-02 15:00:00+00', '2026-03-02 15:00:00+00', 1, TRUE, TRUE, TRUE, TRUE, TRUE)",
        0,
    ),
]

STORED = "product_pictures: every usable picture is stored with its thumbnail"
LISTS = "product_pictures: products has the pictures of the catalogue"
USABLE = "product_pictures: most pictures can be used"


def pictures(number: int, state: str) -> str:
    """So many more products with a picture in a state."""
    return (
        f"INSERT INTO {{product_pictures}} ({PICTURE}) SELECT CONCAT('{state}', CAST(number AS STRING)), "
        f"'{state}', 'a', 'p', 't', TIMESTAMP '2026-03-02 11:00:00+00', TIMESTAMP '2026-03-02 11:00:00+00', "
        f"'run' FROM UNNEST(GENERATE_ARRAY(1, {number})) AS number; "
    )


CATALOGUE_FLAWS = [
    twice("product_pictures: one row per product"),
    *(
        Flaw(STORED, f"UPDATE {{product_pictures}} SET {column} = NULL WHERE TRUE")
        for column in ("sha256", "picture_uri", "thumbnail_uri")
    ),
    Flaw(
        STORED,
        "UPDATE {product_pictures} SET sha256 = NULL, state = 'gone' WHERE TRUE",
        0,
    ),
    Flaw(LISTS, "DELETE FROM {products} WHERE TRUE"),
    *(
        Flaw(LISTS, f"UPDATE {{products}} SET {column} = {value} WHERE sku = 'lamp'")
        for column, value in (("picture_uri", "'x'"), ("thumbnail_uri", "NULL"))
    ),
    Flaw(USABLE, pictures(11, "broken"), 11),
    Flaw(USABLE, pictures(10, "broken"), 0),
    Flaw(USABLE, pictures(11, "broken") + pictures(10, "ok"), 0),
]
NESTED = "sales_forecasts: every forecast lies in its 80 % interval, and that in its 95 % interval"
FORECAST_FLAWS = [
    twice(
        "sales_forecasts: one row per series, day, model and origin",
        "target_date = '2026-03-02'",
    ),
    *(
        Flaw(
            NESTED,
            f"UPDATE {{sales_forecasts}} SET {change} WHERE target_date = '2026-03-02'",
            rows,
        )
        for change, rows in (
            ("lower_80 = 5.01", 1),
            ("lower_80 = 5", 0),
            ("upper_80 = 4.99", 1),
            ("lower_95 = 4.01", 1),
            ("upper_95 = 5.99", 1),
            ("upper_95 = 6", 0),
        )
    ),
]


def of(spec: LoadSpec, flaws: list[Flaw]) -> list[Flaw]:
    return [Flaw(flaw.check, flaw.change, flaw.rows, spec) for flaw in flaws]


FLAWS = [
    *SALES_FLAWS,
    *of(EVENTS, EVENT_FLAWS),
    *of(CATALOGUE, CATALOGUE_FLAWS),
    *of(FORECASTS, FORECAST_FLAWS),
]
