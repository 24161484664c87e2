-- Minimal permissions for the service account of the connection `bigquery`. Replace PROJECT and ACCOUNT, then run as an owner:
--
--   gcloud projects add-iam-policy-binding PROJECT --member=serviceAccount:ACCOUNT --role=roles/bigquery.jobUser
--   bq query --location=US --use_legacy_sql=false < deploy/bigquery_grants.sql
--   gcloud storage buckets add-iam-policy-binding gs://BUCKET --member=serviceAccount:ACCOUNT \
--     --role=roles/storage.objectUser                                  (if staging and reports are in a bucket)
--   gcloud storage buckets add-iam-policy-binding gs://BUCKET --member=serviceAccount:ACCOUNT \
--     --role=roles/storage.legacyBucketReader                          (if staging is in a bucket: storage.buckets.get)
--
-- jobUser on the project: run queries and load jobs (bigquery.jobs.create) only.
-- dataEditor on the two datasets: read and change their data; create, list and update their tables.
-- You create the datasets below, because that permission applies to the whole project.
-- Both datasets use BIGQUERY_LOCATION, which cannot be changed later.
CREATE SCHEMA IF NOT EXISTS `PROJECT.sales` OPTIONS (location = "US");

CREATE SCHEMA IF NOT EXISTS `PROJECT.sales_staging` OPTIONS (location = "US", default_table_expiration_days = 1);

GRANT `roles/bigquery.dataEditor` ON SCHEMA `PROJECT.sales` TO "serviceAccount:ACCOUNT";

GRANT `roles/bigquery.dataEditor` ON SCHEMA `PROJECT.sales_staging` TO "serviceAccount:ACCOUNT";

-- Analysts. Replace GROUP, and run this file again after the first run, and after an update that adds tables:
--
--   gcloud projects add-iam-policy-binding PROJECT --member=group:GROUP --role=roles/bigquery.jobUser
--
-- They list the dataset, and read the tables and views of docs/BI.md: neither the staging dataset nor rejected_rows, whose
-- rows are quoted as the sources sent them.
GRANT `roles/bigquery.metadataViewer` ON SCHEMA `PROJECT.sales` TO "group:GROUP";

FOR readable IN (
    SELECT
        table_name,
        IF(table_type = "VIEW", "VIEW", "TABLE") AS kind
    FROM `PROJECT.sales.INFORMATION_SCHEMA.TABLES`
    WHERE table_name IN (
        "daily_summary", "known_days", "comparable_days", "day_comparisons", "month_to_date", "daily_sales", "daily_sales_reporting",
        "sales_contributions", "shops", "orders", "order_lines", "orders_reporting", "order_lines_reporting", "refunds", "return_lines_reporting",
        "customer_orders", "customer_cohorts",
        "customer_value", "repeat_purchases", "coupon_performance", "product_pairs", "products", "customers",
        "orders_attributes", "sales_targets", "target_progress", "daily_funnel", "daily_conversion", "sessions",
        "user_events", "sales_forecasts", "forecast_comparisons", "net_shares", "forecasts_in_force", "exchange_rates",
        "conversion_rates", "order_amounts", "payments", "payouts", "payout_reconciliation", "order_payments", "contribution_margin",
        "load_audit"
    )
)
DO
    EXECUTE IMMEDIATE FORMAT(
        "GRANT `roles/bigquery.dataViewer` ON %s `PROJECT.sales.%s` TO 'group:GROUP'", readable.kind, readable.table_name
    );
END FOR;
