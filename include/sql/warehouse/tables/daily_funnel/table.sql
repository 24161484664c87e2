CREATE TABLE IF NOT EXISTS `sales.daily_funnel` (
    business_date DATE NOT NULL OPTIONS (description = "Business day on which the sessions began."),
    step STRING NOT NULL OPTIONS (description = "session (every session), view_item, add_to_cart, begin_checkout or purchase. A step that no session reached has no row."),
    device STRING NOT NULL OPTIONS (description = "Device of the session's first event; 'unknown' where the event has none."),
    referrer STRING NOT NULL OPTIONS (description = "Referring host of the session's first event; 'unknown' where the event has none."),
    sessions INT64 NOT NULL OPTIONS (description = "Sessions that reached the step, excluding bots."),
    visitors INT64 NOT NULL OPTIONS (description = "Distinct visitors of these sessions."),
    bot_sessions INT64 NOT NULL OPTIONS (description = "Bot sessions that reached the step.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per business day, funnel step, device and referrer: the sessions that reached the step.",
    require_partition_filter = TRUE
);
