CREATE TABLE IF NOT EXISTS {{ table("user_events") }} (
    business_date DATE NOT NULL OPTIONS (description = "The shop's calendar day in which the event occurred."),
    event_id STRING NOT NULL OPTIONS (description = "The event's id; the first of several with one id is kept."),
    occurred_at TIMESTAMP NOT NULL OPTIONS (description = "When it occurred, by the clock of the visitor's device."),
    received_at TIMESTAMP NOT NULL OPTIONS (description = "When the website's server received it."),
    event_type STRING OPTIONS (description = "view_item, add_to_cart, begin_checkout, purchase; others are kept and are no step of the funnel."),
    visitor_hash STRING OPTIONS (description = "Keyed hash of the visitor's id, or of the session's where there is none; NULL where neither is known."),
    sku STRING OPTIONS (description = "Article, where the event names one."),
    order_id STRING OPTIONS (description = "Order, where the event names one."),
    device STRING OPTIONS (description = "Kind of device, as the website calls it."),
    referrer_host STRING OPTIONS (description = "Host the visitor came from, in lower case; nothing else of the referrer is kept."),
    browser_family STRING OPTIONS (description = "Family of the browser, such as Mobile Safari; nothing else of the user agent is kept."),
    is_bot BOOL NOT NULL OPTIONS (description = "Whether the user agent is a known bot's."),
    is_skewed BOOL NOT NULL OPTIONS (description = "Whether it occurred after it was received: one of the two clocks is wrong, by an hour at most."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read that brought the event."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded the event.")
)
PARTITION BY business_date
CLUSTER BY event_type
OPTIONS (
    description = "One row per event of the website. Days expire after EVENTS_RETENTION_DAYS; what they add up to stays.",
    partition_expiration_days = {{ events_retention_days }},
    require_partition_filter = TRUE
);
