CREATE TABLE IF NOT EXISTS {{ table("load_audit") }} (
    business_date DATE NOT NULL OPTIONS (description = "Business day the run was for."),
    source STRING NOT NULL OPTIONS (description = "Source read."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run."),
    read_at TIMESTAMP OPTIONS (description = "Start of the read; NULL when there was none."),
    window_start TIMESTAMP OPTIONS (description = "Start of the window of changes read."),
    window_end TIMESTAMP OPTIONS (description = "End of that window; equal to read_at when the read had no upper bound."),
    source_orders INT64 OPTIONS (description = "Orders in the same snapshot by the source's own count."),
    source_amount NUMERIC(18, 4) OPTIONS (description = "Gross amount of those orders by the source's own sum, over all currencies."),
    rows_read INT64 OPTIONS (description = "Source records read."),
    rows_accepted INT64 OPTIONS (description = "Records accepted."),
    rows_rejected INT64 OPTIONS (description = "Records rejected; `rejected_rows` holds them."),
    rows_superseded INT64 OPTIONS (description = "Records replaced by a newer version within the same read."),
    orders_loaded INT64 OPTIONS (description = "Orders of this read in the warehouse after the load; of web events, the events."),
    amount_loaded NUMERIC(18, 4) OPTIONS (description = "Gross amount of their lines, over all currencies."),
    status STRING NOT NULL OPTIONS (description = "success; failed (the run went on without this source); off (switched off by policy); history (part of an export: completes no day, moves no watermark)."),
    missing_deliveries ARRAY<STRING> OPTIONS (description = "Partners whose file of the day was due and not there, or could not be used.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per run and source: what was read, accepted, rejected and loaded.",
    require_partition_filter = TRUE
);
