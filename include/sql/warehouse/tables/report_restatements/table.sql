CREATE TABLE IF NOT EXISTS {{ table("report_restatements") }} (
    business_date DATE NOT NULL OPTIONS (description = "Business day whose figure changed."),
    figure STRING NOT NULL OPTIONS (description = "Column of `daily_summary`."),
    detected_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the load that changed it."),
    old NUMERIC(18, 4) OPTIONS (description = "Value before, in reporting currency or as a count."),
    `new` NUMERIC(18, 4) OPTIONS (description = "Value after."),
    reason STRING NOT NULL OPTIONS (description = "What changed it: the sources and the run.")
)
OPTIONS (
    description = "Headline figures that changed after the day's report had been mailed."
);
