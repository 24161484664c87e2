CREATE TABLE IF NOT EXISTS {{ table("report_deliveries") }} (
    business_date DATE NOT NULL OPTIONS (description = "Business day of the report."),
    figures_hash STRING NOT NULL OPTIONS (description = "Hash of the figures in the report: another hash is another report."),
    message_id STRING NOT NULL OPTIONS (description = "Message-ID of the mail, the same each time this report is sent."),
    state STRING NOT NULL OPTIONS (description = "claimed (being sent; sent again if it stays so) or sent."),
    sent_at TIMESTAMP OPTIONS (description = "When the mail server took the mail; NULL while claimed."),
    figures_at TIMESTAMP OPTIONS (description = "When the report's figures were asked for; the next report lists what changed later.")
)
OPTIONS (
    description = "One row per mailed report: claimed before sending, marked after."
);
