CREATE TABLE IF NOT EXISTS {{ staged("restatement_causes") }} (
    business_date DATE OPTIONS (description = "Mailed day that the load changes."),
    kind STRING OPTIONS (description = "late, changed, cancelled or removed (orders); refunded or unrefunded; rates; first_orders (of customers)."),
    source STRING OPTIONS (description = "Source of the orders; NULL where the cause is not an order of the day."),
    channel STRING OPTIONS (description = "Sales channel: the source's name, or the partner's name for partner files."),
    orders INT64 OPTIONS (description = "Number of orders; NULL where the cause is not an order of the day.")
)
OPTIONS (
    description = "Why a load changes the figures of mailed days."
);
