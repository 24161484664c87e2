CREATE TABLE IF NOT EXISTS {{ table("loaded_files") }} (
    file STRING NOT NULL OPTIONS (description = "Name of the file."),
    source STRING NOT NULL OPTIONS (description = "Always partner_files."),
    sha256 STRING NOT NULL OPTIONS (description = "Checksum of the delivery as received."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run that loaded it."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded it."),
    received_at TIMESTAMP NOT NULL OPTIONS (description = "When the delivery arrived."),
    order_ids ARRAY<STRING> OPTIONS (description = "The orders it holds; an order missing from a later delivery of the file has been removed."),
    rows_read INT64 OPTIONS (description = "Records in the file; NULL in rows written before this column was there, as in those that follow."),
    rows_accepted INT64 OPTIONS (description = "Records that were used; the rest is rejected or superseded."),
    rows_rejected INT64 OPTIONS (description = "Records rejected; `rejected_rows` holds them."),
    source_orders INT64 OPTIONS (description = "Orders the file names."),
    orders_loaded INT64 OPTIONS (description = "Orders of which something was used."),
    source_amount NUMERIC(18, 4) OPTIONS (description = "Sum of quantity x unit price over the file, over all currencies."),
    amount_loaded NUMERIC(18, 4) OPTIONS (description = "Gross amount of the lines that were used, over all currencies."),
    warnings ARRAY<STRING> OPTIONS (description = "What people should know of the delivery, in sentences.")
)
OPTIONS (
    description = "One row per partner file: its latest delivery that was loaded."
);
