CREATE TABLE IF NOT EXISTS {{ staged("restatement_causes") }} (
    business_date DATE OPTIONS (description = "Mailed day that the load changes."),
    kind STRING OPTIONS (description = "late, changed, cancelled or removed (orders); refunded or unrefunded; rates; first_orders (of customers)."),
    source STRING OPTIONS (description = "Source of the orders; NULL where the cause is no order of the day."),
    channel STRING OPTIONS (description = "Where they were sold: the source's name, for partner files the partner's."),
    orders INT64 OPTIONS (description = "How many orders; NULL where the cause is no order of the day.")
)
OPTIONS (
    description = "Why the figures of mailed days change with one load."
);
