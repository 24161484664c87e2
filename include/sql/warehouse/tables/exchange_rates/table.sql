CREATE TABLE IF NOT EXISTS `sales.exchange_rates` (
    rate_date DATE NOT NULL OPTIONS (description = "Day of the rate; weekends and bank holidays have none."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code."),
    rate NUMERIC(18, 8) NOT NULL OPTIONS (description = "Units of the currency per euro.")
)
OPTIONS (
    description = "One row per day and currency: reference rates as published. The euro is their base and has no row."
);
