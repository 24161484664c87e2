{% from "warehouse/macros/conversion.sql" import currency_amount with context %}
CREATE VIEW IF NOT EXISTS `sales.target_progress` (
    month OPTIONS (description = "First day of the month."),
    channel OPTIONS (description = "Sales channel, or a shop of SHOPS with all its channels; 'total' for everything."),
    business_date OPTIONS (description = "Newest day that has ended; sales and forecasts known at its end count."),
    target OPTIONS (description = "Target of the month's net sales in reporting currency."),
    expected_share OPTIONS (description = "The part of the month's expected sales that falls on the days until then."),
    target_to_date OPTIONS (description = "target * expected_share, with the decimals of the reporting currency, as landing and its interval."),
    net_sales OPTIONS (description = "Net sales of the month until then."),
    reached_share OPTIONS (description = "SAFE_DIVIDE(net_sales, target)."),
    landing OPTIONS (description = "Expected net sales of the whole month: net_sales and the forecast of the other days."),
    landing_lower_80 OPTIONS (description = "Lower end of its 80 % interval; NULL without a forecast."),
    landing_upper_80 OPTIONS (description = "Upper end of its 80 % interval; NULL without a forecast.")
)
OPTIONS (
    description = "One row per channel with a target for the current month: what is reached, and where the month will land."
)
AS
-- A day has the weight of its newest forecast; without one, the average gross sales of its weekday in the eight weeks before
-- the month, or since the channel's first sale in them; where that has no such day, of any day up to `day`. Forecasts are
-- gross sales: they become net sales by the share of the 28 days up to `day`. The interval adds the distances of all days,
-- as if all missed in the same direction; it is NULL where no day that remains has a forecast.
WITH as_of AS (
    {% if report_day %}
    SELECT {{ report_day }} AS day
    {% else %}
    SELECT MAX(business_date) AS day
    FROM `sales.daily_summary`
    WHERE business_date < CURRENT_DATE({{ shop_timezone }})
    {% endif %}
),

targets AS (
    SELECT
        targets.month,
        targets.channel,
        targets.net_sales AS target,
        as_of.day
    FROM `sales.sales_targets` AS targets
    INNER JOIN as_of
        ON targets.month = CAST(DATE_TRUNC(as_of.day, MONTH) AS DATE)
),

sold AS (
    SELECT
        business_date,
        channel,
        SUM(gross_sales_reporting) AS gross_sales,
        SUM(net_sales_reporting) AS net_sales
    FROM (
        SELECT
            sales.business_date,
            counted_in AS channel,
            sales.gross_sales_reporting,
            sales.net_sales_reporting
        FROM `sales.daily_sales` AS sales
        INNER JOIN as_of
            ON sales.business_date BETWEEN DATE_SUB(as_of.day, INTERVAL 92 DAY) AND as_of.day
        CROSS JOIN
            UNNEST([
                {% if shop_names %}
                -- A shop's own source is a target of all its channels.
                IF(sales.source IN ({{ shop_names }}) AND sales.source <> sales.channel, sales.source, NULL),
                {% endif %}
                sales.channel,
                'total'
            ]) AS counted_in
        WHERE sales.business_date >= DATE '0001-01-01'
    ) AS entries
    GROUP BY business_date, channel
),

forecasts AS (
    SELECT
        target_date,
        IF(series = 'total', series, SUBSTR(series, 9)) AS channel,
        forecast,
        lower_80,
        upper_80
    FROM (
        SELECT
            made.target_date,
            made.series,
            made.forecast,
            made.lower_80,
            made.upper_80,
            ROW_NUMBER() OVER (PARTITION BY made.series, made.target_date ORDER BY made.made_at DESC) AS age
        FROM `sales.sales_forecasts` AS made
        INNER JOIN as_of
            ON
                made.target_date BETWEEN CAST(DATE_TRUNC(as_of.day, MONTH) AS DATE) AND LAST_DAY(as_of.day, MONTH)
                AND DATE(made.made_at, {{ shop_timezone }}) <= DATE_ADD(as_of.day, INTERVAL 1 DAY)
        WHERE
            made.target_date >= DATE '0001-01-01'
            AND (made.series = 'total' OR STARTS_WITH(made.series, 'channel:'))
    ) AS ranked
    WHERE age = 1
),

-- From the first sale, so that days before it are no days without sales.
history AS (
    SELECT
        firsts.channel,
        history_day,
        COALESCE(sold.gross_sales, 0) AS gross_sales,
        history_day < CAST(DATE_TRUNC(as_of.day, MONTH) AS DATE) AS is_before_month
    FROM (
        SELECT
            sales.channel,
            MIN(sales.business_date) AS day
        FROM sold AS sales
        WHERE sales.gross_sales > 0
        GROUP BY sales.channel
    ) AS firsts
    CROSS JOIN as_of
    CROSS JOIN
        UNNEST(
            GENERATE_DATE_ARRAY(
                GREATEST(
                    firsts.day, DATE_SUB(CAST(DATE_TRUNC(as_of.day, MONTH) AS DATE), INTERVAL 56 DAY)
                ),
                as_of.day
            )
        ) AS history_day
    LEFT JOIN sold
        ON
            firsts.channel = sold.channel
            AND history_day = sold.business_date
),

weekdays AS (
    SELECT
        channel,
        EXTRACT(DAYOFWEEK FROM history_day) AS weekday,
        AVG(gross_sales) AS gross_sales
    FROM history
    WHERE is_before_month
    GROUP BY channel, EXTRACT(DAYOFWEEK FROM history_day)
),

averages AS (
    SELECT
        channel,
        AVG(gross_sales) AS gross_sales
    FROM history
    GROUP BY channel
),

net_shares AS (
    SELECT
        sold.channel,
        GREATEST(SAFE_DIVIDE(SUM(sold.net_sales), SUM(sold.gross_sales)), 0) AS net_share
    FROM sold
    CROSS JOIN as_of
    WHERE sold.business_date > DATE_SUB(as_of.day, INTERVAL 28 DAY)
    GROUP BY sold.channel
),

days AS (
    SELECT
        targets.channel,
        targets.day,
        month_day,
        COALESCE(forecasts.forecast, weekdays.gross_sales, averages.gross_sales, 0) AS expected,
        forecasts.forecast - forecasts.lower_80 AS below,
        forecasts.upper_80 - forecasts.forecast AS above
    FROM targets
    CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(targets.month, LAST_DAY(targets.month, MONTH))) AS month_day
    LEFT JOIN forecasts
        ON
            targets.channel = forecasts.channel
            AND month_day = forecasts.target_date
    LEFT JOIN weekdays
        ON
            targets.channel = weekdays.channel
            AND EXTRACT(DAYOFWEEK FROM month_day) = weekdays.weekday
    LEFT JOIN averages
        ON targets.channel = averages.channel
),

sums AS (
    SELECT
        channel,
        SUM(expected) AS expected,
        SUM(IF(month_day <= day, expected, 0)) AS expected_to_date,
        SUM(IF(month_day > day, expected, 0)) AS rest,
        -- Without a forecast NULL, and 0 on the last day.
        SUM(IF(month_day > day, below, IF(day = LAST_DAY(day, MONTH), 0, NULL))) AS rest_below,
        SUM(IF(month_day > day, above, IF(day = LAST_DAY(day, MONTH), 0, NULL))) AS rest_above,
        COUNT(*) AS days,
        COUNTIF(month_day <= day) AS days_to_date
    FROM days
    GROUP BY channel
),

reached AS (
    SELECT
        sold.channel,
        SUM(sold.net_sales) AS net_sales
    FROM sold
    CROSS JOIN as_of
    WHERE sold.business_date >= CAST(DATE_TRUNC(as_of.day, MONTH) AS DATE)
    GROUP BY sold.channel
),

combined AS (
    SELECT
        targets.month,
        targets.channel,
        targets.day,
        targets.target,
        -- Days without any expected sales weigh the same. The branches have one type: of two integers, a quotient is a float.
        IF(sums.expected > 0, sums.expected_to_date, CAST(sums.days_to_date AS NUMERIC)) AS weight_to_date,
        IF(sums.expected > 0, sums.expected, CAST(sums.days AS NUMERIC)) AS weight,
        COALESCE(reached.net_sales, 0) AS net_sales,
        sums.rest * COALESCE(net_shares.net_share, 1) AS rest,
        sums.rest_below * COALESCE(net_shares.net_share, 1) AS below,
        sums.rest_above * COALESCE(net_shares.net_share, 1) AS above
    FROM targets
    INNER JOIN sums
        ON targets.channel = sums.channel
    LEFT JOIN reached
        ON targets.channel = reached.channel
    LEFT JOIN net_shares
        ON targets.channel = net_shares.channel
)

SELECT
    month,
    channel,
    day AS business_date,
    target,
    CAST(ROUND(weight_to_date / weight, 4) AS BIGNUMERIC) AS expected_share,
    {{ currency_amount("10000 * target * weight_to_date / weight") }} AS target_to_date,
    net_sales,
    CAST(ROUND(SAFE_DIVIDE(net_sales, target), 4) AS BIGNUMERIC) AS reached_share,
    {{ currency_amount("10000 * (net_sales + rest)") }} AS landing,
    {{ currency_amount("10000 * (net_sales + rest - below)") }} AS landing_lower_80,
    {{ currency_amount("10000 * (net_sales + rest + above)") }} AS landing_upper_80
FROM combined;
