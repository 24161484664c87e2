{% from "warehouse/macros/forecast_comparisons.sql" import forecast_comparisons with context %}
CREATE VIEW IF NOT EXISTS `sales.forecast_comparisons` (
    business_date OPTIONS (description = "The shop's calendar day."),
    series OPTIONS (description = "total, category:<name> or channel:<name>."),
    made_at OPTIONS (description = "Origin of the day's forecast: it uses no later data."),
    model OPTIONS (description = "Name of the model."),
    forecast OPTIONS (description = "Forecast gross sales in reporting currency, without currencies that have no exchange rate on the day; NULL where the series sold and has no forecast."),
    lower_80 OPTIONS (description = "Lower end of its 80 % interval."),
    upper_80 OPTIONS (description = "Upper end of its 80 % interval."),
    lower_95 OPTIONS (description = "Lower end of its 95 % interval."),
    upper_95 OPTIONS (description = "Upper end of its 95 % interval."),
    actual OPTIONS (description = "Actual gross sales in reporting currency; NULL before the end of the day."),
    verdict OPTIONS (description = "as expected (within the 80 % interval), unusual (outside it, within the 95 % interval) or very unusual; NULL where the day is not complete."),
    net_forecast OPTIONS (description = "The forecast in net sales, by the net share of the 28 days before; NULL for other series than total, like the following columns."),
    net_lower_80 OPTIONS (description = "Lower end of its 80 % interval, which includes the uncertainty of returns."),
    net_upper_80 OPTIONS (description = "Upper end of its 80 % interval."),
    net_lower_95 OPTIONS (description = "Lower end of its 95 % interval."),
    net_upper_95 OPTIONS (description = "Upper end of its 95 % interval."),
    net_actual OPTIONS (description = "Actual net sales in reporting currency; NULL before the end of the day."),
    net_verdict OPTIONS (description = "The verdict on net sales; NULL where the day is not complete.")
)
OPTIONS (
    description = "One row per known day and series: the forecast in force on the day, and its actual sales. Channels of exports that have ended are left out."
)
AS
{{ forecast_comparisons() }};
