CREATE TABLE IF NOT EXISTS {{ table("daily_funnel") }} (
    business_date DATE NOT NULL OPTIONS (description = "Business day in which the sessions began."),
    step STRING NOT NULL OPTIONS (description = "session (every session), view_item, add_to_cart, begin_checkout or purchase. A step without row was reached by no session."),
    device STRING NOT NULL OPTIONS (description = "Device of the session's first event; 'unknown' where it names none."),
    referrer STRING NOT NULL OPTIONS (description = "Host the session came from; 'unknown' where its first event names none."),
    sessions INT64 NOT NULL OPTIONS (description = "Sessions that reached the step, without those of bots."),
    visitors INT64 NOT NULL OPTIONS (description = "Different visitors of these sessions."),
    bot_sessions INT64 NOT NULL OPTIONS (description = "Sessions of bots that reached the step.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per business day, step of the funnel, device and referrer: the sessions that reached the step.",
    require_partition_filter = TRUE
);
