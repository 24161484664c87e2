CREATE TABLE IF NOT EXISTS `sales.warehouse_settings` (
    setting STRING NOT NULL OPTIONS (description = "Name of the setting: timezone, reporting_currency or hash_key_fingerprint."),
    value STRING NOT NULL OPTIONS (description = "Value at the first use of the warehouse.")
)
OPTIONS (
    description = "One row per setting that the warehouse was created with; a run with other values stops."
);
