CREATE TABLE IF NOT EXISTS {{ table("removed_orders") }} (
    source STRING NOT NULL OPTIONS (description = "Where the order comes from: sales_db, storefront or partner_files."),
    order_id STRING NOT NULL OPTIONS (description = "The order's number at its source; unique within one source only."),
    version_updated_at TIMESTAMP OPTIONS (description = "Version of the removal where the source dates it, else NULL: then versions compare by read_at."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read (files: time received) that found the order gone."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the order.")
)
OPTIONS (
    description = "One row per order that is not in `orders`: removed at its source, or only its refunds exist. Keeps an older read from adding a removed order again."
);
