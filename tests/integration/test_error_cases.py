"""What fails a run: the exact sentence, a warehouse that is as it was, and a next run that makes up for it.

`error_cases.md` lists these and all other cases, with the test that shows each.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest

from demo.ledger import Ledger
from demo.seeders import exchange_rates
from demo.services.ports import free_port
from demo.services.storefront import Fault
from ecommerce.core import errors
from ecommerce.sources import http
from ecommerce.warehouse import client as bigquery
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, run_day
from tests.integration.warehouse_contents import Row, read_table

FIRST, SECOND = date(2026, 9, 1), date(2026, 9, 2)
AUDIT = ("load_audit", "rejected_rows", "loaded_files")


@dataclass
class Shop:
    """A company whose first day is loaded, whose second is about to be."""

    company: Company
    patch: pytest.MonkeyPatch
    lock: psycopg.Connection | None = None

    def connection(self, name: str, **changes: object) -> None:
        variable = f"AIRFLOW_CONN_{name.upper()}"
        connection = json.loads(self.company.environment[variable]) | changes
        self.patch.setenv(variable, json.dumps(connection))

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.company.dsn) as database:
            database.execute(statement)

    def fault(self, path: str, **values: object) -> None:
        self.company.storefront.faults.append(Fault(path, **{"times": 99, **values}))

    def mend(self) -> None:
        self.company.storefront.faults.clear()
        if self.lock:
            self.lock.close()
        exchange_rates.fill(self.company.folders.rates, self.company.shown)
        self.sql(
            "DO $$ BEGIN ALTER TABLE lines RENAME TO order_items; EXCEPTION WHEN undefined_table THEN END $$"
        )
        self.sql(
            "DO $$ BEGIN ALTER TABLE orders RENAME changed_at TO updated_at; "
            "EXCEPTION WHEN undefined_column THEN END $$"
        )

    def everything(self) -> dict[str, list[Row]]:
        audit = {
            name: read_table(self.company.client, self.company.dataset, name)
            for name in AUDIT
        }
        return self.company.warehouse() | audit


@pytest.fixture(scope="module")
def company(start_shared_company) -> Company:
    company = start_shared_company()
    told = Ledger(FIRST, 2, orders_per_day=20, seed=5)
    company.show(told.as_of(morning_after(FIRST)))
    run_day(FIRST)
    company.show(told.as_of(morning_after(SECOND)))
    return company


@pytest.fixture
def shop(company, monkeypatch):
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(bigquery, "RETRY_SECONDS", 1)
    shop = Shop(company, monkeypatch)
    yield shop
    shop.mend()


Break = Callable[[Shop], None]
CASES: dict[str, tuple[Break, type[errors.PipelineError], str]] = {}


def case(kind: type[errors.PipelineError], message: str) -> Callable[[Break], Break]:
    """Register a way to break the company, and what the run then says; `…` stands for any text."""

    def register(break_it: Break) -> Break:
        CASES[break_it.__name__] = (break_it, kind, message)
        return break_it

    return register


@case(
    errors.TransientError,
    'sales_db: …connection to server at "127.0.0.1", port 1 failed: Connection refused…',
)
def sales_database_down(shop: Shop) -> None:
    shop.connection("sales_db", port=1)


@case(
    errors.CredentialsError,
    "sales_db: …password authentication failed for user "
    '"sales_reader"…: check login and password of the connection',
)
def sales_database_wrong_password(shop: Shop) -> None:
    shop.connection("sales_db", password="not the password")


@case(
    errors.ContractError,
    'sales_db: ….sql: relation "order_items" does not exist…: adapt include/sql/extract/sales_db/schema.sql '
    "to the schema of the source",
)
def sales_database_without_a_table(shop: Shop) -> None:
    shop.sql("ALTER TABLE order_items RENAME TO lines")


@case(
    errors.ContractError,
    'sales_db: ….sql: column "updated_at" does not exist…: adapt include/sql/extract/sales_db/schema.sql '
    "to the schema of the source",
)
def sales_database_without_a_column(shop: Shop) -> None:
    shop.sql("ALTER TABLE orders RENAME updated_at TO changed_at")


@case(
    errors.TransientError,
    "sales_db: ….sql: canceling statement due to statement timeout: add the indexes that make check "
    "names, or raise statement_timeout in the connection's extra",
)
def sales_database_statement_timeout(shop: Shop) -> None:
    shop.connection("sales_db", extra={"options": "-c statement_timeout=300"})
    shop.lock = psycopg.connect(shop.company.dsn)
    shop.lock.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")


@case(
    errors.CredentialsError,
    'storefront_api: GET /orders (page 1) answered 401 \'{"code": '
    '"woocommerce_rest_authentication_error", "message": "Consumer secret is invalid.", "data": '
    '{"status": 401}}\': check that login and password are a consumer key that may read and its '
    "secret, …",
)
def storefront_401(shop: Shop) -> None:
    shop.connection("storefront_api", password="cs_wrong")


@case(
    errors.ContractError,
    'storefront_api: GET /orders (page 1) answered 404 \'{"code":"rest_no_route","message":"No route '
    "was found.\"}': is the host of the connection the root of a WooCommerce shop, the part before "
    "/wp-json/wc/v3? …",
)
def storefront_404(shop: Shop) -> None:
    shop.fault(
        "/orders",
        status=404,
        body=b'{"code":"rest_no_route","message":"No route was found."}',
    )


@case(
    errors.RateLimitedError,
    "storefront_api: GET /orders (page 1) answered 429 Too Many Requests: too many requests, "
    "retry after 600 s",
)
def storefront_429(shop: Shop) -> None:
    shop.fault("/orders", status=429, headers={"Retry-After": "600"})


@case(
    errors.TransientError,
    "storefront_api: GET /orders (page 1) answered 500 Internal Server Error: the server is unavailable",
)
def storefront_500(shop: Shop) -> None:
    shop.fault("/orders", status=500, body=b"Fatal error near ann@example.com")


@case(
    errors.TransientError,
    "storefront_api: GET /orders (page 1) failed: … timed out: is it overloaded, …",
)
def storefront_timeout(shop: Shop) -> None:
    shop.connection("storefront_api", extra={"timeout": 0.2})
    shop.fault("/orders", delay=0.5)


@case(
    errors.ContractError,
    "storefront_api: GET /orders (page 1) is no JSON list of … bytes: Input data was truncated",
)
def storefront_truncated_json(shop: Shop) -> None:
    shop.fault("/orders", rewrite=lambda body: body[: len(body) // 2])


@case(
    errors.ContractError,
    "exchange_rates_api: GET /stats/eurofxref/eurofxref-hist.csv answered 404 …",
)
def rates_404(shop: Shop) -> None:
    (shop.company.folders.rates / exchange_rates.PATH).unlink()


@case(
    errors.ContractError,
    "exchange_rates_api: the answer is not the CSV file of exchange rates, it begins with "
    "'<html>maintenance</html>': does the host of the connection lead to that file?",
)
def rates_without_header(shop: Shop) -> None:
    (shop.company.folders.rates / exchange_rates.PATH).write_text(
        "<html>maintenance</html>"
    )


@case(
    errors.ConfigurationError,
    "the folder PARTNER_DROP_URI=file:///nowhere does not exist: make it, or name the one…",
)
def partner_folder_missing(shop: Shop) -> None:
    shop.patch.setenv("PARTNER_DROP_URI", "file:///nowhere")


@case(
    errors.TransientError,
    "list tables: BigQuery cannot be reached: nothing answers at …: does the server run, …",
)
def bigquery_down(shop: Shop) -> None:
    shop.patch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")


@case(
    errors.ConfigurationError,
    "dataset … was built with SHOP_TIMEZONE = America/New_York, and America/Chicago is set "
    "now: set America/New_York again, or choose another BIGQUERY_DATASET and load the history into it",
)
def another_timezone(shop: Shop) -> None:
    shop.patch.setenv("SHOP_TIMEZONE", "America/Chicago")


@pytest.mark.parametrize("name", CASES)
def test_a_failed_run_says_why_and_changes_nothing(name, shop):
    break_it, kind, message = CASES[name]
    before = shop.everything()
    break_it(shop)
    with pytest.raises(kind) as failure:
        run_day(SECOND)
    anything = ".*".join(re.escape(part) for part in message.split("…"))
    assert re.fullmatch(anything, str(failure.value), re.DOTALL)
    shop.patch.undo()
    assert shop.everything() == before


def test_after_all_that_the_next_run_makes_up_for_it(shop):
    run_day(SECOND)
    assert shop.company.differences(shop.company.oracle(run_days=[FIRST, SECOND])) == ""
