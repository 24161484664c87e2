CREATE TABLE IF NOT EXISTS `sales.report_deliveries` (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the report; of a week or a month, its last day."),
    figures_hash STRING NOT NULL OPTIONS (description = "Hash of the figures in the report; different figures make a different report. Of an alert: below, above or unknown."),
    message_id STRING NOT NULL OPTIONS (description = "Message-ID of the mail; identical in every attempt to send it. Figures that return after a correction are another mail."),
    state STRING NOT NULL OPTIONS (description = "claimed (being sent; if it is never marked as sent, a later attempt sends it again) or sent."),
    sent_at TIMESTAMP OPTIONS (description = "When the mail server accepted the mail; NULL while claimed."),
    figures_at TIMESTAMP OPTIONS (description = "When the figures of the report were queried; the next report lists later changes."),
    claimed_by STRING OPTIONS (description = "Run that claimed the mail, as <dag_id>/<run_id>."),
    claimed_until TIMESTAMP OPTIONS (description = "End of the claim's lease: from then on another run may send the mail, if it was not marked as sent."),
    subscription STRING OPTIONS (description = "Name of the subscription; NULL for the daily report to report_recipients."),
    net_sales NUMERIC(18, 4) OPTIONS (description = "Net sales as mailed to a subscription, in reporting currency.")
)
OPTIONS (
    description = "One row per mailed report, and per evaluated day of an alert; its state is claimed before sending and sent afterwards."
);
