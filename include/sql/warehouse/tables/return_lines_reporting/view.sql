{% from "warehouse/macros/return_lines.sql" import return_lines with context %}
CREATE VIEW IF NOT EXISTS `sales.return_lines_reporting` (
    business_date OPTIONS (description = "Business day of the refund."),
    source OPTIONS (description = "Source of the refund."),
    channel OPTIONS (description = "Sales channel: the source's name, or the partner's name for partner files."),
    refund_id OPTIONS (description = "Refund number in its source."),
    order_id OPTIONS (description = "Refunded order."),
    line_number OPTIONS (description = "Line of the order; 0 for an amount that cannot be allocated to one."),
    order_business_date OPTIONS (description = "Business day of the order; NULL when the order is unknown."),
    sku OPTIONS (description = "Stock keeping unit of the line; NULL without a line."),
    category OPTIONS (description = "Category of the line; 'unallocated' without a line."),
    country_code OPTIONS (description = "Country of delivery of the order; NULL when unknown."),
    currency OPTIONS (description = "Currency of the refund; the amount is in reporting currency."),
    quantity OPTIONS (description = "Units returned; NULL for an amount only, and for a share of one."),
    is_share OPTIONS (description = "Whether the amount is the line's share of an amount of the whole order. A refund with both has two rows of a line."),
    is_sale OPTIONS (description = "Whether the order counts as a sale."),
    is_test OPTIONS (description = "Whether the order is a test."),
    refunded_at OPTIONS (description = "When the refund was made."),
    returns OPTIONS (description = "Refunded merchandise at the rate of the refund's day, negative for a fee that the shop keeps; NULL without an exchange rate.")
)
OPTIONS (
    description = "One row per refund, order line and is_share, in reporting currency. A refund of a whole order is divided among the lines in proportion to what is left of them; what exceeds that, or is negative, is one row without a line."
)
AS
{{ return_lines("business_date >= " ~ first_day, "order_lines.business_date >= " ~ first_day) }};
