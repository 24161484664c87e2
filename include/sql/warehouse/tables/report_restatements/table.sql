CREATE TABLE IF NOT EXISTS `sales.report_restatements` (
    business_date DATE NOT NULL OPTIONS (description = "Business day whose figure changed."),
    figure STRING NOT NULL OPTIONS (description = "Headline figure: a column of `daily_summary`, or returning_customers."),
    detected_at TIMESTAMP NOT NULL OPTIONS (description = "When the load that changed it had read the state of the warehouse."),
    old NUMERIC(18, 4) OPTIONS (description = "Value before the change, in reporting currency or as a count."),
    `new` NUMERIC(18, 4) OPTIONS (description = "Value after the change."),
    reason STRING NOT NULL OPTIONS (description = "What changed it, for operators: sources and run."),
    causes STRING OPTIONS (description = "What changed it, for readers of reports: a JSON array of objects with kind, source, channel and orders (their number); NULL where no order, refund or exchange rate explains the change.")
)
OPTIONS (
    description = "One row per change of a headline figure after the day's report was mailed."
);
