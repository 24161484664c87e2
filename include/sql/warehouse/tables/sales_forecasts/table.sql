CREATE TABLE IF NOT EXISTS {{ table("sales_forecasts") }} (
    series STRING NOT NULL OPTIONS (description = "total, category:<name>, channel:<name> or sku:<article number>."),
    target_date DATE NOT NULL OPTIONS (description = "Business day that is forecast."),
    model STRING NOT NULL OPTIONS (description = "The champion: the candidate that was trained."),
    made_at TIMESTAMP NOT NULL OPTIONS (description = "Midnight, in the shop, before the first day that is forecast: nothing later is known to the forecast."),
    forecast NUMERIC(18, 4) NOT NULL OPTIONS (description = "Gross sales expected, in reporting currency."),
    lower_80 NUMERIC(18, 4) NOT NULL OPTIONS (description = "Four days of five are above this, and below upper_80."),
    upper_80 NUMERIC(18, 4) NOT NULL OPTIONS (description = "Upper end of that interval."),
    lower_95 NUMERIC(18, 4) NOT NULL OPTIONS (description = "19 days of 20 are above this, and below upper_95."),
    upper_95 NUMERIC(18, 4) NOT NULL OPTIONS (description = "Upper end of that interval."),
    actual NUMERIC(18, 4) OPTIONS (description = "Gross sales that came, in reporting currency, as they were known when a forecast was loaded last; NULL before the day has ended."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that made the forecast.")
)
PARTITION BY target_date
CLUSTER BY series
OPTIONS (
    description = "One row per series, day and forecast: gross sales with their intervals, and the actual sales; four weeks of each week's forecast.",
    require_partition_filter = TRUE
);
