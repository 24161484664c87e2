{% from "warehouse/macros/order_ids.sql" import ranges with context %}
-- In the order of names, this table follows those that it is filled from. (A load rebuilds it where it lacks orders.)
CREATE TABLE IF NOT EXISTS {{ table("stored_order_ids") }} (
    business_date DATE OPTIONS (description = "Business day under which the rows are stored."),
    kind STRING OPTIONS (description = "Table of the rows: orders or refunds."),
    source STRING OPTIONS (description = "Source of the orders."),
    id_length INT64 OPTIONS (description = "Number of characters of the order ids."),
    first_order_id STRING OPTIONS (description = "First of the order ids, in text order."),
    last_order_id STRING OPTIONS (description = "Last of the order ids."),
    entries INT64 OPTIONS (description = "Number of rows.")
)
OPTIONS (
    description = "Ranges of the order ids that `orders` and `refunds` hold by day: a load reads only the days that may contain its orders. Rebuilt where it lacks orders."
)
AS
{{ ranges(first_day ~ " <= business_date") }};
