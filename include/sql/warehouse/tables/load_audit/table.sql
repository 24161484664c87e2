CREATE TABLE IF NOT EXISTS `sales.load_audit` (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run."),
    source STRING NOT NULL OPTIONS (description = "Source that was read."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run."),
    read_at TIMESTAMP OPTIONS (description = "Start of the read; NULL without a read."),
    window_start TIMESTAMP OPTIONS (description = "Start of the window of changes that was read."),
    window_end TIMESTAMP OPTIONS (description = "End of that window; equal to read_at for a read without an upper bound."),
    source_orders INT64 OPTIONS (description = "Orders in the same snapshot, as counted by the source."),
    source_amount NUMERIC(18, 4) OPTIONS (description = "Gross amount of these orders as summed by the source, over all currencies."),
    rows_read INT64 OPTIONS (description = "Records read from the source."),
    rows_accepted INT64 OPTIONS (description = "Records accepted."),
    rows_rejected INT64 OPTIONS (description = "Records rejected; they are in `rejected_rows`."),
    rows_superseded INT64 OPTIONS (description = "Records that a newer version in the same read replaces."),
    orders_loaded INT64 OPTIONS (description = "Orders of this read in the warehouse after the load; for web events, the number of events."),
    amount_loaded NUMERIC(18, 4) OPTIONS (description = "Gross amount of their lines, over all currencies."),
    status STRING NOT NULL OPTIONS (description = "success; failed (the run continued without this source); off (switched off by source_policy); history (part of an export: completes no day and moves no watermark)."),
    missing_deliveries ARRAY<STRING> OPTIONS (description = "Partners whose file for the day was due and was missing or unusable.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per run, day and source: what was read, accepted, rejected and loaded. Of a run of several days, the first day has the counts.",
    require_partition_filter = TRUE
);
