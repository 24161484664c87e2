CREATE TABLE IF NOT EXISTS {{ table("sessions") }} (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the session's first event."),
    session_key STRING NOT NULL OPTIONS (description = "Hash of visitor and first instant: the same whenever the day is computed again."),
    visitor_hash STRING NOT NULL OPTIONS (description = "Whose events they are."),
    started_at TIMESTAMP NOT NULL OPTIONS (description = "When its first event occurred."),
    ended_at TIMESTAMP NOT NULL OPTIONS (description = "When its last event occurred."),
    events INT64 NOT NULL OPTIONS (description = "Number of its events, of any type."),
    viewed BOOL NOT NULL OPTIONS (description = "Whether it reached the step view_item."),
    added BOOL NOT NULL OPTIONS (description = "Whether it reached the step add_to_cart, after the step before."),
    checkout BOOL NOT NULL OPTIONS (description = "Whether it reached the step begin_checkout, after the step before."),
    purchased BOOL NOT NULL OPTIONS (description = "Whether it reached the step purchase, after the step before."),
    device STRING OPTIONS (description = "Device of its first event."),
    referrer STRING OPTIONS (description = "Host from which its first event's visitor came."),
    browser_family STRING OPTIONS (description = "Browser of its first event."),
    is_bot BOOL NOT NULL OPTIONS (description = "Whether it is a bot's, by the user agent of one of its events or by their rate.")
)
PARTITION BY business_date
CLUSTER BY visitor_hash
OPTIONS (
    description = "One row per session: the events of one visitor with less than 30 minutes between each and the next.",
    require_partition_filter = TRUE
);
