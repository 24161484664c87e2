{% from "warehouse/macros/replace.sql" import replace_days with context %}
{% call replace_days("daily_funnel") %}
SELECT
    business_date,
    reached.step,
    COALESCE(device, 'unknown') AS device,
    COALESCE(referrer, 'unknown') AS referrer,
    COUNTIF(NOT is_bot) AS sessions,
    COUNT(DISTINCT IF(is_bot, NULL, visitor_hash)) AS visitors,
    COUNTIF(is_bot) AS bot_sessions
FROM `sales.sessions`
CROSS JOIN
    UNNEST([
        STRUCT('session' AS step, TRUE AS is_reached),
        STRUCT('view_item' AS step, viewed AS is_reached),
        STRUCT('add_to_cart' AS step, added AS is_reached),
        STRUCT('begin_checkout' AS step, checkout AS is_reached),
        STRUCT('purchase' AS step, purchased AS is_reached)
    ]) AS reached
WHERE
    {{ days("business_date") }}
    AND reached.is_reached
GROUP BY business_date, reached.step, COALESCE(device, 'unknown'), COALESCE(referrer, 'unknown')
{%- endcall %}
