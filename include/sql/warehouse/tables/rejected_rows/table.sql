CREATE TABLE IF NOT EXISTS `sales.rejected_rows` (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run that rejected the record."),
    source STRING NOT NULL OPTIONS (description = "Source of the record."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that rejected the record."),
    row_number INT64 NOT NULL OPTIONS (description = "Number of the record within run and source, or its line in the file; 0 for a file as a whole."),
    reason STRING NOT NULL OPTIONS (description = "Reason code, such as invalid_quantity."),
    detail STRING OPTIONS (description = "The invalid value."),
    file STRING OPTIONS (description = "File that contains the record; NULL for sources without files."),
    raw STRING OPTIONS (description = "The record without personal columns and with masked e-mail addresses; of a malformed line, its shape."),
    order_id STRING OPTIONS (description = "Order of the record; NULL where the record has no order id.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per source record that was not loaded, with the reason; kept until the order or the file is read again.",
    require_partition_filter = TRUE
);
