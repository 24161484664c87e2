CREATE TABLE IF NOT EXISTS `sales.sales_forecasts` (
    series STRING NOT NULL OPTIONS (description = "total, category:<name>, channel:<name> or sku:<SKU>."),
    target_date DATE NOT NULL OPTIONS (description = "Forecast business day."),
    model STRING NOT NULL OPTIONS (description = "Name of the champion model."),
    made_at TIMESTAMP NOT NULL OPTIONS (description = "Origin of the forecast: midnight in the shop before the first forecast day. The forecast uses no later data."),
    forecast NUMERIC(18, 4) NOT NULL OPTIONS (description = "Forecast gross sales in reporting currency."),
    lower_80 NUMERIC(18, 4) NOT NULL OPTIONS (description = "Lower end of the 80 % interval."),
    upper_80 NUMERIC(18, 4) NOT NULL OPTIONS (description = "Upper end of the 80 % interval."),
    lower_95 NUMERIC(18, 4) NOT NULL OPTIONS (description = "Lower end of the 95 % interval."),
    upper_95 NUMERIC(18, 4) NOT NULL OPTIONS (description = "Upper end of the 95 % interval."),
    actual NUMERIC(18, 4) OPTIONS (description = "Actual gross sales in reporting currency, as of the latest load of a forecast; NULL before the end of the day."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that made the forecast.")
)
PARTITION BY target_date
CLUSTER BY series
OPTIONS (
    description = "One row per series, day and forecast: forecast gross sales with intervals, and actual gross sales. Each week's forecast covers four weeks.",
    require_partition_filter = TRUE
);
