{% from "warehouse/macros/target_progress.sql" import target_progress with context %}
CREATE VIEW IF NOT EXISTS `sales.target_progress` (
    month OPTIONS (description = "First day of the month."),
    channel OPTIONS (description = "Sales channel; 'total' for the whole shop."),
    business_date OPTIONS (description = "Newest day that has ended; sales and forecasts known at its end count."),
    target OPTIONS (description = "Target of the month's net sales in reporting currency."),
    expected_share OPTIONS (description = "The part of the month's expected sales that falls on the days until then."),
    target_to_date OPTIONS (description = "target * expected_share."),
    net_sales OPTIONS (description = "Net sales of the month until then."),
    reached_share OPTIONS (description = "SAFE_DIVIDE(net_sales, target)."),
    landing OPTIONS (description = "Expected net sales of the whole month: net_sales and the forecast of the other days."),
    landing_lower_80 OPTIONS (description = "Lower end of its 80 % interval; NULL without a forecast."),
    landing_upper_80 OPTIONS (description = "Upper end of its 80 % interval; NULL without a forecast.")
)
OPTIONS (
    description = "One row per channel with a target for the current month: what is reached, and where the month will land."
)
AS
{{ target_progress("(SELECT MAX(business_date) FROM " ~ "`sales.daily_summary`" ~ " WHERE business_date >= " ~ first_day
    ~ " AND business_date < CURRENT_DATE(" ~ shop_timezone ~ "))") }};
