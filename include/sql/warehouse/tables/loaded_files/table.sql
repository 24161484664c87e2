CREATE TABLE IF NOT EXISTS {{ table("loaded_files") }} (
    file STRING NOT NULL OPTIONS (description = "Name of the file."),
    source STRING NOT NULL OPTIONS (description = "Always partner_files."),
    sha256 STRING NOT NULL OPTIONS (description = "Checksum of the delivery as received."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the run that loaded it."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded it."),
    received_at TIMESTAMP NOT NULL OPTIONS (description = "When the delivery arrived."),
    order_ids ARRAY<STRING> OPTIONS (description = "The orders it holds; an order missing from a later delivery of the file has been removed.")
)
OPTIONS (
    description = "One row per partner file: its latest delivery that was loaded."
);
