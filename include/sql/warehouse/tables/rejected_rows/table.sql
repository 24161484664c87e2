CREATE TABLE IF NOT EXISTS {{ table("rejected_rows") }} (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run that rejected the record."),
    source STRING NOT NULL OPTIONS (description = "Source of the record."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that rejected the record."),
    row_number INT64 NOT NULL OPTIONS (description = "Number of the record within the run and source, or its line in the file."),
    reason STRING NOT NULL OPTIONS (description = "Code of the reason, such as invalid_quantity."),
    detail STRING OPTIONS (description = "The value at fault, in words."),
    file STRING OPTIONS (description = "File the record stands in; NULL for sources without files."),
    raw STRING OPTIONS (description = "The record as it came, without personal columns and with e-mail addresses masked."),
    order_id STRING OPTIONS (description = "Order the record belongs to; NULL where it names none.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per source record that was not loaded, and why; until the order or the file is read again.",
    require_partition_filter = TRUE
);
