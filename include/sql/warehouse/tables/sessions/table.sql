CREATE TABLE IF NOT EXISTS `sales.sessions` (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the session's first event."),
    session_key STRING NOT NULL OPTIONS (description = "Hash of visitor and start time; stable when the day is recomputed."),
    visitor_hash STRING NOT NULL OPTIONS (description = "Keyed hash of the visitor."),
    started_at TIMESTAMP NOT NULL OPTIONS (description = "Time of the first event."),
    ended_at TIMESTAMP NOT NULL OPTIONS (description = "Time of the last event."),
    events INT64 NOT NULL OPTIONS (description = "Number of events of any type."),
    viewed BOOL NOT NULL OPTIONS (description = "Whether the session reached view_item."),
    added BOOL NOT NULL OPTIONS (description = "Whether the session reached add_to_cart after the previous step."),
    checkout BOOL NOT NULL OPTIONS (description = "Whether the session reached begin_checkout after the previous step."),
    purchased BOOL NOT NULL OPTIONS (description = "Whether the session reached purchase after the previous step."),
    device STRING OPTIONS (description = "Device of the first event."),
    referrer STRING OPTIONS (description = "Referring host of the first event."),
    browser_family STRING OPTIONS (description = "Browser of the first event."),
    is_bot BOOL NOT NULL OPTIONS (description = "Whether a bot made the session, by the user agent of an event or by the event rate.")
)
PARTITION BY business_date
CLUSTER BY visitor_hash
OPTIONS (
    description = "One row per session: the events of one visitor less than 30 minutes apart.",
    require_partition_filter = TRUE
);
