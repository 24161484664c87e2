-- Counts forecasts; other domains count orders.
SELECT
    {{ sources }} AS source,
    (SELECT COUNT(*) FROM {{ staged("sales_forecasts") }}) AS orders,
    (SELECT SUM(forecast) FROM {{ staged("sales_forecasts") }}) AS amount
