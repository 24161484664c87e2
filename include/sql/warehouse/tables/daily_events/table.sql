CREATE TABLE IF NOT EXISTS {{ table("daily_events") }} (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day in which the events occurred."),
    event_type STRING NOT NULL OPTIONS (description = "Type of the events; 'unknown' where they have none."),
    events INT64 NOT NULL OPTIONS (description = "Number of events, those of bots included."),
    bot_events INT64 NOT NULL OPTIONS (description = "How many of them have the user agent of a known bot.")
)
PARTITION BY business_date
OPTIONS (
    description = "One row per business day and type of event: which steps of the funnel the shop sends.",
    require_partition_filter = TRUE
);
