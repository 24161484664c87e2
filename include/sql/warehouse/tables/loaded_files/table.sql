CREATE TABLE IF NOT EXISTS `sales.loaded_files` (
    file STRING NOT NULL OPTIONS (description = "Name of the file."),
    source STRING NOT NULL OPTIONS (description = "Source of the file."),
    sha256 STRING NOT NULL OPTIONS (description = "SHA-256 checksum of the file as received, together with its layout in include/partners, if it has one. With the prefix `read again`, the next run for these days reads the file again."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run that loaded it."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded it."),
    received_at TIMESTAMP NOT NULL OPTIONS (description = "When the file was received."),
    order_ids ARRAY<STRING> OPTIONS (description = "Ids of the orders in the file, or of the payouts of a settlement; one that a later delivery of the file lacks has been removed. With the prefix `read again`, also those of the former delivery."),
    rows_read INT64 OPTIONS (description = "Records in the file."),
    rows_accepted INT64 OPTIONS (description = "Records accepted; the others are rejected or superseded."),
    rows_rejected INT64 OPTIONS (description = "Records rejected; they are in `rejected_rows`."),
    source_orders INT64 OPTIONS (description = "Orders in the file."),
    orders_loaded INT64 OPTIONS (description = "Orders with at least one accepted record."),
    source_amount NUMERIC(18, 4) OPTIONS (description = "Gross amount of the lines in the file, over all currencies."),
    amount_loaded NUMERIC(18, 4) OPTIONS (description = "Gross amount of the accepted lines, over all currencies."),
    warnings ARRAY<STRING> OPTIONS (description = "Warnings about the delivery, each a JSON object of kind and fields.")
)
CLUSTER BY business_date
OPTIONS (
    description = "One row per partner file: the latest delivery that was loaded."
);
