{% from "warehouse/macros/net_forecasts.sql" import net_bound, net_forecast %}
-- The newest forecast of the whole shop at the end of the day, for the following days and the week of an event in them, in
-- gross and net sales; `net_sales` are the actual ones of days up to the day that are complete, else NULL. On each row a usual
-- week before the following day, and the seven days up to the day (NULL where one of them is not complete). The
-- forecast's report reads the same rows.
WITH known_days AS (
    SELECT *
    FROM `sales.known_days`
),

next_days AS (
    SELECT
        business_date,
        DATE_SUB(DATE_TRUNC(business_date, WEEK(MONDAY)), INTERVAL 1 DAY) AS sunday -- noqa: LT01
    FROM UNNEST([DATE_ADD({{ report_day }}, INTERVAL 1 DAY)]) AS business_date
),

forecasts AS (
    SELECT
        target_date AS day,
        made_at,
        model,
        forecast,
        lower_80,
        upper_80
    FROM `sales.sales_forecasts`
    WHERE target_date BETWEEN {{ first }} AND {{ last }}
        AND made_at <= @ends_at
        AND series = 'total'
    QUALIFY RANK() OVER (ORDER BY made_at DESC) = 1
),

net_shares AS (
    SELECT shares.*
    FROM `sales.net_shares` AS shares
    INNER JOIN next_days
        ON shares.business_date = next_days.business_date
),

-- Of the eight calendar weeks before that of the following day, those whose days are all known and complete.
recent_weeks AS (
    SELECT
        DIV(DATE_DIFF(next_days.sunday, known_days.business_date, DAY), 7) AS weeks_ago,
        SUM(known_days.gross_sales) AS gross_sales,
        SUM(known_days.net_sales) AS net_sales
    FROM known_days
    CROSS JOIN next_days
    WHERE
        known_days.business_date BETWEEN DATE_SUB(next_days.sunday, INTERVAL 55 DAY) AND next_days.sunday
        AND known_days.is_complete
    GROUP BY weeks_ago
    HAVING COUNT(*) = 7
),

ranked_weeks AS (
    SELECT
        gross_sales,
        net_sales,
        COUNT(*) OVER () AS last_place,
        ROW_NUMBER() OVER (ORDER BY gross_sales) AS gross_place,
        ROW_NUMBER() OVER (ORDER BY net_sales) AS net_place
    FROM recent_weeks
),

-- The medians: one place is in the middle, or two.
usual_weeks AS (
    SELECT
        CAST(AVG(IF(ABS(2 * gross_place - last_place - 1) <= 1, gross_sales, NULL)) AS BIGNUMERIC) AS usual_week,
        CAST(AVG(IF(ABS(2 * net_place - last_place - 1) <= 1, net_sales, NULL)) AS BIGNUMERIC) AS net_usual_week
    FROM ranked_weeks
),

last_weeks AS (
    SELECT
        IF(COUNT(*) = 7, SUM(gross_sales), NULL) AS last_week,
        IF(COUNT(*) = 7, SUM(net_sales), NULL) AS net_last_week
    FROM known_days
    WHERE business_date BETWEEN DATE_SUB({{ report_day }}, INTERVAL 6 DAY) AND {{ report_day }}
        AND is_complete
)

SELECT
    forecasts.day,
    forecasts.made_at,
    forecasts.model,
    forecasts.forecast,
    forecasts.lower_80,
    forecasts.upper_80,
    {{ net_forecast("forecasts.forecast", "net_shares") }} AS net_forecast,
    {{ net_bound("forecasts.forecast", "forecasts.lower_80", "-", "80", "net_shares") }} AS net_lower_80,
    {{ net_bound("forecasts.forecast", "forecasts.upper_80", "+", "80", "net_shares") }} AS net_upper_80,
    actuals.net_sales,
    usual_weeks.usual_week,
    usual_weeks.net_usual_week,
    last_weeks.last_week,
    last_weeks.net_last_week
FROM forecasts
CROSS JOIN net_shares
CROSS JOIN usual_weeks
CROSS JOIN last_weeks
LEFT JOIN known_days AS actuals
    ON
        forecasts.day = actuals.business_date
        AND actuals.business_date <= {{ report_day }}
        AND actuals.is_complete
ORDER BY forecasts.day
