CREATE TABLE IF NOT EXISTS {{ table("control_totals") }} (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run that read the source."),
    source STRING NOT NULL OPTIONS (description = "Source read."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run."),
    file STRING OPTIONS (description = "Partner file; NULL for sources without files, and for exports."),
    currency STRING NOT NULL OPTIONS (description = "Currency of the amounts; empty where the record has none that is valid."),
    source_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount by the source's own sum."),
    loaded_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount of the lines that were accepted."),
    superseded_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount of the lines replaced by a newer version within the same read."),
    rejected_amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross amount of the rejected lines, where it can be read."),
    read_at TIMESTAMP OPTIONS (description = "Start of the read; a repaired run has several.")
)
PARTITION BY business_date
OPTIONS (
    description = "What each read should add up to, by currency: source = loaded + superseded + rejected. What is left was lost.",
    require_partition_filter = TRUE
);
