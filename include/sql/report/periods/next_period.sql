-- The newest forecast at the end of the period, of the days from `next_first` to `next_last`: of each series the sum in gross
-- sales, of the whole shop in net sales, too.
{% from "warehouse/macros/net_forecasts.sql" import net_forecast %}
WITH forecasts AS (
    SELECT
        target_date,
        series,
        forecast
    FROM `sales.sales_forecasts`
    WHERE target_date BETWEEN {{ next_first }} AND {{ next_last }}
        AND made_at <= @ends_at
        AND (series = 'total' OR STARTS_WITH(series, 'category:') OR STARTS_WITH(series, 'channel:'))
    QUALIFY RANK() OVER (ORDER BY made_at DESC) = 1
),

net_forecasts AS (
    SELECT
        forecasts.*,
        {{ net_forecast("forecasts.forecast", "net_shares") }} AS net_forecast
    FROM forecasts
    INNER JOIN `sales.net_shares` AS net_shares
        ON net_shares.business_date = DATE_ADD({{ report_day }}, INTERVAL 1 DAY)
)

SELECT
    series,
    COUNT(*) AS days,
    SUM(forecast) AS forecast,
    SUM(net_forecast) AS net_forecast
FROM net_forecasts
GROUP BY series
ORDER BY series
