CREATE VIEW IF NOT EXISTS `sales.month_to_date` (
    business_date OPTIONS (description = "The shop's calendar day."),
    span OPTIONS (description = "now, last_month or last_year."),
    first_day OPTIONS (description = "First day of the month."),
    last_day OPTIONS (description = "Last day that the sums include."),
    net_sales OPTIONS (description = "Net sales of the known days; of last_month and last_year NULL unless every day is known and complete."),
    orders OPTIONS (description = "Number of orders, NULL as net_sales."),
    days_without_sales OPTIONS (description = "Number of known days without any order."),
    unfinished_days OPTIONS (description = "Number of days that are not known or not complete.")
)
OPTIONS (
    description = "Three rows per known day: its month up to the day, the last month and the same month of last year, up to the same day of the month or to their last day if they are shorter."
)
AS
WITH known_days AS (
    SELECT *
    FROM `sales.known_days`
),

starts AS (
    SELECT
        days.business_date,
        span,
        CASE span
            WHEN 'now' THEN CAST(DATE_TRUNC(days.business_date, MONTH) AS DATE)
            WHEN 'last_month' THEN CAST(DATE_SUB(DATE_TRUNC(days.business_date, MONTH), INTERVAL 1 MONTH) AS DATE)
            WHEN 'last_year' THEN CAST(DATE_SUB(DATE_TRUNC(days.business_date, MONTH), INTERVAL 1 YEAR) AS DATE)
        END AS first_day
    FROM known_days AS days
    CROSS JOIN UNNEST(['now', 'last_month', 'last_year']) AS span
    WHERE {{ days("days.business_date") }}
),

spans AS (
    SELECT
        business_date,
        span,
        first_day,
        LEAST(
            LAST_DAY(first_day, MONTH), DATE_ADD(first_day, INTERVAL EXTRACT(DAY FROM business_date) - 1 DAY)
        ) AS last_day
    FROM starts
),

sums AS (
    SELECT
        spans.business_date,
        spans.span,
        spans.first_day,
        spans.last_day,
        SUM(known_days.net_sales) AS net_sales,
        SUM(known_days.orders) AS orders,
        COUNTIF(known_days.is_complete AND known_days.orders = 0) AS days_without_sales,
        COUNT(*) - COUNTIF(known_days.is_complete) AS unfinished_days
    FROM spans
    CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(spans.first_day, spans.last_day)) AS span_day
    LEFT JOIN known_days
        ON span_day = known_days.business_date
    GROUP BY spans.business_date, spans.span, spans.first_day, spans.last_day
)

SELECT
    business_date,
    span,
    first_day,
    last_day,
    IF(span = 'now' OR unfinished_days = 0, COALESCE(net_sales, 0), NULL) AS net_sales,
    IF(span = 'now' OR unfinished_days = 0, COALESCE(orders, 0), NULL) AS orders,
    days_without_sales,
    unfinished_days
FROM sums;
