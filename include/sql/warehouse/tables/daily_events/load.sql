{% from "warehouse/macros/replace.sql" import replace_days with context %}
{% call replace_days("daily_events") %}
SELECT
    business_date,
    COALESCE(event_type, 'unknown') AS event_type,
    COUNT(*) AS events,
    COUNTIF(is_bot) AS bot_events
FROM `sales.user_events`
WHERE {{ days("business_date") }}
GROUP BY business_date, COALESCE(event_type, 'unknown')
{%- endcall %}
