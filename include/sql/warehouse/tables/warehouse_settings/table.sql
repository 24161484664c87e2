CREATE TABLE IF NOT EXISTS {{ table("warehouse_settings") }} (
    setting STRING NOT NULL OPTIONS (description = "Name: timezone, reporting_currency or hash_key_fingerprint."),
    value STRING NOT NULL OPTIONS (description = "Value at first use.")
)
OPTIONS (
    description = "One row per setting that the warehouse was built with; a run with others stops."
);
