{% from "warehouse/macros/funnel.sql" import STEPS with context %}
CREATE VIEW IF NOT EXISTS `sales.daily_conversion` (
    business_date OPTIONS (description = "Business day on which the sessions began."),
    device OPTIONS (description = "Device of the session's first event; 'unknown' where the event has none."),
    referrer OPTIONS (description = "Referring host of the session's first event; 'unknown' where the event has none."),
    sessions OPTIONS (description = "Sessions, excluding bots."),
    {% for type, reached in STEPS %}
    {{ reached }} OPTIONS (description = "Those that reached {{ type }}{{ " after the previous step" if not loop.first }}."){{ "," if not loop.last }}
    {% endfor %}
)
OPTIONS (
    description = "One row per business day, device and referrer: how many sessions reached each step. Conversion rate: SAFE_DIVIDE(SUM(purchased), SUM(sessions))."
)
AS
SELECT
    business_date,
    device,
    referrer,
    SUM(IF(step = 'session', sessions, 0)) AS sessions,
    {% for type, reached in STEPS %}
    SUM(IF(step = '{{ type }}', sessions, 0)) AS {{ reached }}{{ "," if not loop.last }}
    {% endfor %}
FROM `sales.daily_funnel`
WHERE business_date >= {{ first_day }}
GROUP BY business_date, device, referrer;
