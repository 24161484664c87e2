CREATE TABLE IF NOT EXISTS `sales.control_totals` (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run that read the source."),
    source STRING NOT NULL OPTIONS (description = "Source that was read."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that read it."),
    file STRING OPTIONS (description = "Partner file; NULL for exports and for sources without files."),
    currency STRING NOT NULL OPTIONS (description = "Currency of the amounts; empty where the records have no valid currency."),
    source_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount that the source itself reports."),
    loaded_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount of the accepted lines."),
    superseded_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount of the lines that a newer version in the same read replaces."),
    rejected_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount of the rejected lines, where it is readable."),
    read_at TIMESTAMP OPTIONS (description = "Start of the read; a repaired run has several reads.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per read, file and currency: source_amount = loaded_amount + superseded_amount + rejected_amount. A remainder is a loss.",
    require_partition_filter = TRUE
);
