CREATE TABLE IF NOT EXISTS `sales.daily_events` (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day on which the events occurred."),
    event_type STRING NOT NULL OPTIONS (description = "Event type; 'unknown' for events without a type."),
    events INT64 NOT NULL OPTIONS (description = "Number of events, including those of bots."),
    bot_events INT64 NOT NULL OPTIONS (description = "Number of these events with the user agent of a known bot.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per business day and event type; shows which funnel steps the website tracks.",
    require_partition_filter = TRUE
);
