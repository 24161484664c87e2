{% from "warehouse/macros/month_to_date.sql" import month_to_date with context %}
CREATE VIEW IF NOT EXISTS `sales.month_to_date` (
    business_date OPTIONS (description = "The shop's calendar day."),
    span OPTIONS (description = "now, last_month or last_year."),
    first_day OPTIONS (description = "First day of the month."),
    last_day OPTIONS (description = "Last day that the sums include."),
    net_sales OPTIONS (description = "Net sales of the known days; of last_month and last_year NULL unless every day is known and complete."),
    orders OPTIONS (description = "Number of orders, NULL as net_sales."),
    days_without_sales OPTIONS (description = "Number of known days without any order."),
    unfinished_days OPTIONS (description = "Number of days that are not known or not complete.")
)
OPTIONS (
    description = "Three rows per known day: its month up to the day, the last month and the same month of last year, up to the same day of the month or to their last day if they are shorter."
)
AS
{{ month_to_date() }};
