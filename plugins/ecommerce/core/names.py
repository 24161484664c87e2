"""Names that Airflow, people and other systems use: DAGs, groups, tasks, Variables, connections. Names of
sources are in `ecommerce.sources`, and the connection of each of its `PLATFORMS` in that platform's module.
Names of tables are the folders of include/sql/warehouse/tables."""

# DAGs; each is in the file of its name.
DAG_DAILY = "daily_sales_pipeline"
DAG_SYNC = "storefront_orders_sync"
DAG_WEEK = "weekly_report"
DAG_MONTH = "monthly_report"
DAG_HISTORY = "sales_history_load"
DAG_HISTORY_READ = "sales_history_read"
DAG_RECONCILIATION = "sales_reconciliation"
DAG_WATCH = "report_watch"
DAG_MAINTENANCE = "maintenance"
DAG_EVENTS = "user_events_daily"
DAG_CATALOGUE = "product_catalogue_refresh"
DAG_FORECAST = "weekly_sales_forecast"
DAG_SELECTION = "forecast_model_selection"

# Task groups of the daily run, in the order in which they run.
GROUP_EXTRACT = "extract"
GROUP_TRANSFORM = "transform"
GROUP_LOAD = "load"
GROUP_REPORT = "report"
GROUP_MAIL = "mail"

# Task groups of the others.
GROUP_COMPARE = "compare"
GROUP_REREAD = "reread"
GROUP_MONTH = "month"

# Tasks that something else refers to.
TASK_GATE = f"{GROUP_EXTRACT}.sources_ready"
TASK_CHECKS = f"{GROUP_LOAD}.checks"
TASK_REPORT = f"{GROUP_REPORT}.report"
TASK_SEND = f"{GROUP_MAIL}.send"

TASK_SUBSCRIPTIONS = f"{GROUP_MAIL}.subscriptions"
TASK_PERIOD_REPORT = "report"

STATE_SEND_MAIL = "send_mail"
"""The key in the state store of `mail.send` of a repair's request to mail the report; its value is true."""

VARIABLE_REPORT_RECIPIENTS = "report_recipients"
VARIABLE_REPORT_SUBSCRIPTIONS = "report_subscriptions"
VARIABLE_ALERT_RECIPIENTS = "alert_recipients"
VARIABLE_SOURCE_POLICY = "source_policy"
POLICY_DELIVERIES = "partner_deliveries"
"""The key of that Variable with the policy for due partner files."""

# See include/pools.json.
POOL_LOADS = "warehouse_loads"
POOL_SHOPS = "shop_extracts"

CONNECTION_WEB_EVENTS = "web_events_api"
CONNECTION_CATALOGUE = "product_catalogue_api"
CONNECTION_PARTNER_FTP = "partner_ftp"
CONNECTION_WAREHOUSE = "bigquery"
CONNECTION_MAIL = "smtp_default"
CONNECTION_CHAT = "alert_chat"
