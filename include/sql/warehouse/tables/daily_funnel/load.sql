{% from "warehouse/macros/funnel.sql" import STEPS with context %}
{% from "warehouse/macros/replace.sql" import replace_days with context %}
{% call replace_days("daily_funnel") %}
SELECT
    business_date,
    step,
    COALESCE(device, 'unknown') AS device,
    COALESCE(referrer, 'unknown') AS referrer,
    COUNTIF(NOT is_bot) AS sessions,
    COUNT(DISTINCT IF(is_bot, NULL, visitor_hash)) AS visitors,
    COUNTIF(is_bot) AS bot_sessions
FROM (
    {% for type, reached in [("session", "TRUE")] + STEPS %}
    SELECT
        business_date,
        '{{ type }}' AS step,
        device,
        referrer,
        visitor_hash,
        is_bot
    FROM `sales.sessions`
    WHERE
        {{ days("business_date") }}
        AND {{ reached }}
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
) AS reached
GROUP BY business_date, step, COALESCE(device, 'unknown'), COALESCE(referrer, 'unknown')
{%- endcall %}
