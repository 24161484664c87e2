CREATE TABLE IF NOT EXISTS {{ table("exchange_rates") }} (
    rate_date DATE NOT NULL OPTIONS (description = "Day the rate was published for; none on weekends and bank holidays."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code."),
    rate NUMERIC(18, 8) NOT NULL OPTIONS (description = "Units of the currency per euro.")
)
OPTIONS (
    description = "One row per day and currency: reference rates as published; the euro, their base, has no row."
);
