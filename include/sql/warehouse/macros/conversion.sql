{#
  Amounts are converted and summed as ten-thousandths in BIGNUMERIC, and the sum is turned back into an amount: BigQuery has
  no CAST to NUMERIC(18, 4), and its NUMERIC has 9 decimals while the product of amount and rate has 12. The division is the
  last step (docs/DECISIONS.md, Amounts are divided once).
#}

{#
  The columns order_rate and reporting_rate for the conversion of an amount: 1 in the reporting currency, NULL without an
  exchange rate. `rates` is the alias of a LEFT JOIN to conversion_rates.
#}
{% macro rate_columns(currency, rates) -%}
IF({{ currency }} = {{ reporting_currency }}, 1, {{ rates }}.order_rate) AS order_rate,
        IF({{ currency }} = {{ reporting_currency }}, 1, {{ rates }}.reporting_rate) AS reporting_rate
{%- endmacro %}

{# An amount in reporting currency, in ten-thousandths, unrounded: amount * rate(reporting) / rate(order). #}
{% macro converted(amount) -%}
CAST(CAST({{ amount }} AS BIGNUMERIC) * 10000 * reporting_rate / order_rate AS BIGNUMERIC)
{%- endmacro %}

{#
  A number of ten-thousandths as a NUMERIC amount, rounded half away from zero: `rounded(converted("net_sales"))` is an
  amount in reporting currency, and `rounded("SUM(" ~ converted("net_sales") ~ ")")` a sum of such amounts.
#}
{% macro rounded(ten_thousandths) -%}
CAST(ROUND({{ ten_thousandths }}) AS INT64) / NUMERIC '10000'
{%- endmacro %}

{#
  The same as a column of a view, which has the type of its expression.
#}
{% macro view_amount(ten_thousandths) -%}
CAST({{ rounded(ten_thousandths) }} AS BIGNUMERIC)
{%- endmacro %}

{#
  The same, rounded to the decimals of the reporting currency: for averages, and for amounts that are a share of another.
#}
{% macro currency_amount(ten_thousandths) -%}
{% set units = 10 ** reporting_decimals() -%}
CAST(CAST(ROUND(({{ ten_thousandths }}) / {{ 10000 // units }}) AS INT64) / NUMERIC '{{ units }}' AS BIGNUMERIC)
{%- endmacro %}
