-- Counts forecasts; other domains count orders.
SELECT
    {{ sources }} AS source,
    (SELECT COUNT(*) FROM `sales_staging.sales_forecasts`) AS orders,
    (SELECT SUM(forecast) FROM `sales_staging.sales_forecasts`) AS amount
