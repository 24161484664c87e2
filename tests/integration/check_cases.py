"""What `make check` is tried against: each case spoils one thing, and gives the line about it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from demo.services.ports import free_port
from demo.services.storefront import Fault
from tests.integration.check_optional_cases import OPTIONAL_CASES
from tests.integration.check_trial import Trial

TODAY = datetime.now(UTC).date()
"""Of the newest rates; they are new enough for a week after this."""
READER = "grant SELECT to the connection's role"
ADAPT = "adapt include/sql/extract/sales_db/schema.sql to the schema of the source"


def database_wrong_password(trial: Trial) -> str:
    trial.connection("sales_db", password="wrong")
    return (
        "FAIL sales_db: sales_db: … password authentication failed for user "
        '"sales_reader"…: check login and password of the connection'
    )


def database_wrong_host(trial: Trial) -> str:
    trial.connection("sales_db", host="db.invalid")
    return "FAIL sales_db: sales_db: …db.invalid…"


def database_wrong_port(trial: Trial) -> str:
    port = free_port()
    trial.connection("sales_db", port=port)
    return (
        f'FAIL sales_db: sales_db: …connection to server at "127.0.0.1", port {port} failed: Connection '
        "refused…"
    )


def database_without_tls(trial: Trial) -> str:
    port = trial.connection("sales_db", extra={"sslmode": "require"})["port"]
    return (
        f"FAIL sales_db: sales_db: …port {port} failed: server does not support SSL…: check schema, sslmode "
        "and sslrootcert of the connection"
    )


def database_on_the_internet(trial: Trial) -> str:
    trial.connection(
        "sales_db", host="db.shop-hosting.net", extra={"hostaddr": "127.0.0.1"}
    )
    return (
        "FAIL sales_db: the host of the connection sales_db is public, and customers' addresses may travel "
        "without encryption: add sslmode=verify-full to the connection"
    )


def database_unknown(trial: Trial) -> str:
    trial.connection("sales_db", schema="nowhere")
    return (
        'FAIL sales_db: sales_db: …database "nowhere" does not exist…: check schema, sslmode and sslrootcert '
        "of the connection"
    )


def database_without_tables(trial: Trial) -> str:
    trial.sql("DROP TABLE refunds, order_items, orders, products, customers")
    return (
        f"FAIL sales_db: no query runs in the database {trial.database}: sales_db: orders.sql: "
        f'relation "orders" does not exist…: {ADAPT}'
    )


def database_without_rights(trial: Trial) -> str:
    trial.sql("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM sales_reader")
    return (
        f"FAIL sales_db: no query runs in the database {trial.database}: sales_db: orders.sql: "
        f"permission denied for table orders: {READER}"
    )


def database_that_lets_nobody_in(trial: Trial) -> str:
    trial.sql(f"REVOKE CONNECT ON DATABASE {trial.database} FROM PUBLIC, sales_reader")
    return (
        f'FAIL sales_db: sales_db: …permission denied for database "{trial.database}"…: check login and '
        "password of the connection"
    )


def database_without_indexes(trial: Trial) -> str:
    trial.sql("DROP INDEX refunds_order_id")
    return "hint sales_db: extracts would be faster with CREATE INDEX ON refunds (order_id)"


def storefront_wrong_password(trial: Trial) -> str:
    trial.connection("storefront_api", password="cs_wrong")
    return (
        "FAIL storefront_api: storefront_api: GET /orders (page 1) answered 401 "
        "…Consumer secret is invalid.…: check that login and password are a consumer key that may read and "
        "its secret, and that WordPress knows that it is visited over https://"
    )


def storefront_password_that_cannot_be_sent(trial: Trial) -> str:
    trial.connection("storefront_api", password="cs_\N{EURO SIGN}")
    return (
        "FAIL storefront_api: storefront_api: GET /orders (page 1) failed: login or password of the "
        "connection has a character that HTTP cannot send"
    )


def storefront_wrong_host(trial: Trial) -> str:
    trial.connection("storefront_api", host="https://shop.invalid")
    return (
        "FAIL storefront_api: storefront_api: GET /orders (page 1) failed: the name shop.invalid cannot be "
        "resolved (DNS): is the host right?"
    )


def storefront_that_is_no_shop(trial: Trial) -> str:
    rates = json.loads(trial.shop.environment["AIRFLOW_CONN_EXCHANGE_RATES_API"])[
        "host"
    ]
    trial.connection("storefront_api", host=rates)
    return (
        "FAIL storefront_api: storefront_api: GET /orders (page 1) answered 404 …: is the host of the "
        "connection the root of a WooCommerce shop, the part before /wp-json/wc/v3? Does "
        "it use plain permalinks, which hide the API?"
    )


def storefront_that_redirects(trial: Trial) -> str:
    to = "https://www.shop.example/wp-json/wc/v3/orders"
    trial.shop.storefront.faults.append(Fault(status=301, headers={"Location": to}))
    return (
        f"FAIL storefront_api: storefront_api: GET /orders (page 1) answered 301: "
        f"{trial.shop.storefront.url} redirects to https://www.shop.example, which is another site. "
        "If that is the right address, make it the host of the connection storefront_api"
    )


def storefront_in_the_open(trial: Trial) -> str:
    trial.connection("storefront_api", host="http://shop.example")
    return (
        "FAIL storefront_api: the host of the connection storefront_api does not begin with https://, and "
        "the key would travel without encryption: begin it with https://"
    )


def storefront_without_tls(trial: Trial) -> str:
    port = urlsplit(trial.shop.storefront.url).port
    trial.connection("storefront_api", host=f"https://127.0.0.1:{port}")
    return (
        f"FAIL storefront_api: storefront_api: GET /orders (page 1) failed: 127.0.0.1:{port} does not speak "
        "TLS: check host and port"
    )


def rates_that_are_stale(trial: Trial) -> str:
    old = TODAY - timedelta(days=100)
    file = trial.shop.folders.rates / "stats/eurofxref/eurofxref-hist.csv"
    file.write_text(f"Date,USD,\n{old},1.1,\n")
    age = (datetime.now(UTC).date() - old).days
    return (
        f"hint exchange_rates_api: newest rates are of {old}, {age} days ago, and a rate counts for 7 days: "
        "newer amounts in other currencies stay unconverted; is the host of the connection the right one?"
    )


def warehouse_wrong_host(trial: Trial) -> str:
    port = free_port()
    trial.patch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    trial.patch.setattr("ecommerce.warehouse.client.INTERACTIVE_RETRY_SECONDS", 0.1)
    return (
        f"FAIL bigquery: bigquery: list of datasets: BigQuery cannot be reached: nothing answers at "
        f"127.0.0.1:{port}: does the server run, are host and port right?"
    )


def mail_server_down(trial: Trial) -> str:
    port = free_port()
    trial.connection("smtp_default", port=port)
    return (
        f"FAIL smtp_default: the mail server cannot be reached: nothing answers at 127.0.0.1:{port}: does "
        "the server run, are host and port right?"
    )


def mail_server_wrong_host(trial: Trial) -> str:
    trial.connection("smtp_default", host="smtp.invalid")
    return (
        "FAIL smtp_default: the mail server cannot be reached: the name smtp.invalid cannot be resolved "
        "(DNS): is the host right?"
    )


def mail_server_without_tls(trial: Trial) -> str:
    extra = {"from_email": "reports@shop.example"}
    port = trial.connection("smtp_default", extra=extra)["port"]
    return (
        "FAIL smtp_default: the mail server does not support the options of the connection smtp_default: "
        f"127.0.0.1:{port} does not speak TLS: check disable_ssl (true with port 587), disable_tls, "
        "ssl_context and the port"
    )


def mail_server_without_starttls(trial: Trial) -> str:
    extra = {"from_email": "reports@shop.example", "disable_ssl": True}
    trial.connection("smtp_default", extra=extra)
    return (
        "FAIL smtp_default: the mail server does not support the options of the connection smtp_default: it "
        "does not offer STARTTLS, or no login: check disable_ssl (true with port 587), disable_tls, "
        "ssl_context and the port"
    )


def mail_server_that_nobody_needs(trial: Trial) -> str:
    trial.connection("smtp_default", port=free_port())
    for name in ("REPORT", "ALERT"):
        trial.patch.setenv(f"AIRFLOW_VAR_{name}_RECIPIENTS", "")
    return "hint smtp_default: not needed while no recipient is set"


def chat_that_is_read(trial: Trial) -> str:
    config = [
        {"path": "slack://TOKENA/TOKENB/TOKENC"},
        {"path": "json://chat.example/secret"},
    ]
    trial.patch.setenv(
        "AIRFLOW_CONN_ALERT_CHAT",
        json.dumps({"conn_type": "apprise", "extra": {"config": config}}),
    )
    return "ok alert_chat: alerts and the headline are posted to Slack, JSON (nothing was posted now)"


def chat_that_cannot_be_read(trial: Trial) -> str:
    config = [{"path": "json://chat.example/secret"}, {"path": "https:/secret"}]
    trial.patch.setenv(
        "AIRFLOW_CONN_ALERT_CHAT",
        json.dumps({"conn_type": "apprise", "extra": {"config": config}}),
    )
    return "FAIL alert_chat: the connection alert_chat: Apprise cannot read the URL of entry 2 of its config"


def no_recipients(trial: Trial) -> str:
    trial.patch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    return "hint report_recipients: the Variable is empty: no report is mailed"


def folder_that_is_not_there(trial: Trial) -> str:
    folder = trial.shop.folders.home / "not" / "yet"
    trial.patch.setenv("STAGING_URI", f"file://{folder}")
    return (
        f"ok STAGING_URI: file://{folder} does not exist yet; the first run creates it in "
        f"{trial.shop.folders.home}"
    )


def partner_folder_that_is_not_there(trial: Trial) -> str:
    trial.patch.setenv("PARTNER_DROP_URI", "file:///nowhere")
    return (
        "FAIL PARTNER_DROP_URI: the folder PARTNER_DROP_URI=file:///nowhere does not exist: make it, or name "
        "the one that partners leave their files in"
    )


CASES: tuple[Callable[[Trial], str], ...] = (
    database_wrong_password,
    database_wrong_host,
    database_wrong_port,
    database_without_tls,
    database_on_the_internet,
    database_unknown,
    database_without_tables,
    database_without_rights,
    database_that_lets_nobody_in,
    database_without_indexes,
    storefront_wrong_password,
    storefront_password_that_cannot_be_sent,
    storefront_wrong_host,
    storefront_that_is_no_shop,
    storefront_that_redirects,
    storefront_in_the_open,
    storefront_without_tls,
    rates_that_are_stale,
    *OPTIONAL_CASES,
    warehouse_wrong_host,
    mail_server_down,
    mail_server_wrong_host,
    mail_server_without_tls,
    mail_server_without_starttls,
    mail_server_that_nobody_needs,
    chat_that_is_read,
    chat_that_cannot_be_read,
    no_recipients,
    folder_that_is_not_there,
    partner_folder_that_is_not_there,
)
"""Each prepares one thing that is not well, and gives the line about it: state, subject and text."""
