{#
  Arithmetic that is exact in BigQuery and in the emulator: amounts are converted and summed as ten-thousandths, in
  BIGNUMERIC, and become amounts again when all is summed. Why: BigQuery takes no CAST to NUMERIC(18, 4), and its
  NUMERIC keeps 9 decimals where a product of amount and rate has 12; the emulator divides in floating point
  (so the division comes last), its BIGNUMERIC keeps 5 decimals, and its NUMERIC literals 3.
#}

{#
  The two rates an amount is converted with, as columns order_rate and reporting_rate; the same currency needs none, and
  NULL is no rate. `rates` is the alias of a LEFT JOIN to conversion_rates.
#}
{% macro rate_columns(currency, rates) -%}
IF({{ currency }} = {{ reporting_currency }}, 1, {{ rates }}.order_rate) AS order_rate,
        IF({{ currency }} = {{ reporting_currency }}, 1, {{ rates }}.reporting_rate) AS reporting_rate
{%- endmacro %}

{# An amount in reporting currency, in ten-thousandths, unrounded: amount * rate(reporting) / rate(order). #}
{% macro converted(amount) -%}
CAST(CAST({{ amount }} AS BIGNUMERIC) * 10000 * reporting_rate / order_rate AS BIGNUMERIC)
{%- endmacro %}

{# The amount that a number of ten-thousandths makes, rounded half away from zero; a NUMERIC. #}
{% macro rounded(ten_thousandths) -%}
CAST(ROUND({{ ten_thousandths }}) AS INT64) / NUMERIC '10000'
{%- endmacro %}
