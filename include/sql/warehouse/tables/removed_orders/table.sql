CREATE TABLE IF NOT EXISTS `sales.removed_orders` (
    source STRING NOT NULL OPTIONS (description = "Source of the order: one of the daily run, or the name of an export."),
    order_id STRING NOT NULL OPTIONS (description = "Order number in its source; unique only within that source."),
    version_updated_at TIMESTAMP OPTIONS (description = "When the source removed the order; NULL where it has no such date: versions are then compared by read_at."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read in which the order was missing; for files, when the file was received."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that recorded the removal.")
)
OPTIONS (
    description = "One row per order that is not in `orders`: it was removed from its source, or only its refunds exist. Prevents an older read from adding the order again."
);
