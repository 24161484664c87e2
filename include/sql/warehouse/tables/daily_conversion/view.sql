CREATE VIEW IF NOT EXISTS `sales.daily_conversion` (
    business_date OPTIONS (description = "Business day on which the sessions began."),
    device OPTIONS (description = "Device of the session's first event; 'unknown' where the event has none."),
    referrer OPTIONS (description = "Referring host of the session's first event; 'unknown' where the event has none."),
    sessions OPTIONS (description = "Sessions, excluding bots."),
    viewed OPTIONS (description = "Those that reached view_item."),
    added OPTIONS (description = "Those that reached add_to_cart after the previous step."),
    checkout OPTIONS (description = "Those that reached begin_checkout after the previous step."),
    purchased OPTIONS (description = "Those that reached purchase after the previous step.")
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
    SUM(IF(step = 'view_item', sessions, 0)) AS viewed,
    SUM(IF(step = 'add_to_cart', sessions, 0)) AS added,
    SUM(IF(step = 'begin_checkout', sessions, 0)) AS checkout,
    SUM(IF(step = 'purchase', sessions, 0)) AS purchased
FROM `sales.daily_funnel`
WHERE business_date >= DATE '0001-01-01'
GROUP BY business_date, device, referrer;
