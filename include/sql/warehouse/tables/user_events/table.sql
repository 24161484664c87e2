CREATE TABLE IF NOT EXISTS `sales.user_events` (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day on which the event occurred."),
    event_id STRING NOT NULL OPTIONS (description = "Event id; of several events with one id, the first is kept."),
    occurred_at TIMESTAMP NOT NULL OPTIONS (description = "When the event occurred, by the clock of the visitor's device."),
    received_at TIMESTAMP NOT NULL OPTIONS (description = "When the website's server received the event."),
    event_type STRING OPTIONS (description = "view_item, add_to_cart, begin_checkout or purchase; other types are stored but are not funnel steps."),
    visitor_hash STRING OPTIONS (description = "Keyed hash of the visitor id, else of the session id; NULL where both are unknown."),
    sku STRING OPTIONS (description = "SKU of the event, if any."),
    order_id STRING OPTIONS (description = "Order of the event, if any."),
    device STRING OPTIONS (description = "Device type, as named by the website."),
    referrer_host STRING OPTIONS (description = "Referring host in lower case; nothing else of the referrer is stored."),
    browser_family STRING OPTIONS (description = "Browser family, such as Mobile Safari; nothing else of the user agent is stored."),
    is_bot BOOL NOT NULL OPTIONS (description = "Whether the user agent belongs to a known bot."),
    is_skewed BOOL NOT NULL OPTIONS (description = "Whether the event occurred after it was received: one of the two clocks is wrong, by one hour at most."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read that returned the event."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded the event.")
)
PARTITION BY business_date
CLUSTER BY event_type
OPTIONS (
    description = "One row per web event. Days expire after EVENTS_RETENTION_DAYS; sessions and daily_funnel are kept.",
    partition_expiration_days = {{ events_retention_days }},
    require_partition_filter = TRUE
);
