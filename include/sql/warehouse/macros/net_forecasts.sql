{% from "warehouse/macros/conversion.sql" import view_amount %}
{#
  Forecasts of gross sales, stated in net sales: returns follow days later, so models forecast gross sales, and the report's
  headline is net sales.

  Net forecast = forecast * net share. The net share is the part of gross sales that became net sales on the complete
  days among the 28 days before a day; without such days 1.

  Half of the interval combines two errors. That of the gross forecast is reduced by the discounts of the same days, but not
  by returns, which belong to earlier days and do not follow the day's sales. The other one is the distance of these days'
  net sales from their gross sales * net share.
#}

{# Half of an interval, in standard deviations of a normal distribution. #}
{% set DEVIATIONS = {"80": 1.2816, "95": 1.96} %}

{# A forecast in net sales; `shares` is the alias of a join to `net_shares`. #}
{% macro net_forecast(forecast, shares) -%}
{{ view_amount(
    "CAST(" ~ forecast ~ " AS BIGNUMERIC) * 10000 * " ~ shares ~ ".share_net_sales / " ~ shares ~ ".share_gross_sales"
) }}
{%- endmacro %}

{# An end of the interval of `net_forecast`. `level` is '80' or '95', `sign` '-' for the lower end and '+' for the upper one. #}
{% macro net_bound(forecast, bound, sign, level, shares) -%}
{% set forecast_part = shares ~ ".discounted_share * CAST(" ~ bound ~ " - " ~ forecast ~ " AS FLOAT64)" -%}
{% set half = "SQRT(POW(" ~ forecast_part ~ ", 2) + POW(" ~ DEVIATIONS[level] ~ " * " ~ shares ~ ".residual, 2))" -%}
{{ view_amount(
    "10000 * (" ~ shares ~ ".net_share * CAST(" ~ forecast ~ " AS FLOAT64) " ~ sign ~ " " ~ half ~ ")"
) }}
{%- endmacro %}
