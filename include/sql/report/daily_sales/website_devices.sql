{% from "warehouse/macros/event_days.sql" import event_days with context %}
-- Sessions and purchases of the day by device, the most sessions first; no row where the events of the day were not read.
SELECT
    device,
    SUM(IF(funnel.step = 'session', funnel.sessions, 0)) AS sessions,
    SUM(IF(funnel.step = 'purchase', funnel.sessions, 0)) AS purchases
FROM `sales.daily_funnel` AS funnel
WHERE business_date = {{ report_day }}
    AND business_date IN (
        {{ event_days(report_day, report_day) | indent(4) }}
    )
GROUP BY device
HAVING SUM(IF(funnel.step = 'session', funnel.sessions, 0)) > 0
ORDER BY sessions DESC, device
