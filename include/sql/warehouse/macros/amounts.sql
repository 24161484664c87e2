{#
  An average of amounts, rounded half away from zero to ten-thousandths. The last steps multiply (docs/DECISIONS.md, Amounts
  are divided once), because the result shares columns with stored amounts.
#}
{% macro average_amount(total, number) -%}
CAST(ROUND({{ total }} * 10000 / NULLIF({{ number }}, 0)) AS INT64) * NUMERIC '0.001' * NUMERIC '0.1'
{%- endmacro %}

{# An amount with four decimals, as stored ones have: rates next to a wider type would lose digits. #}
{% macro exact_amount(amount) -%}
CAST(({{ amount }}) * 10000 AS INT64) * NUMERIC '0.001' * NUMERIC '0.1'
{%- endmacro %}

{#
  A rate, rounded half away from zero to six decimals; NULL without a whole. Both are scaled to whole numbers; see
  `average_amount` for the last steps.
#}
{% macro rate(part, whole) -%}
CAST(
        ROUND(CAST({{ part }} * 10000 AS BIGNUMERIC) * 1000000 / NULLIF(CAST({{ whole }} * 10000 AS BIGNUMERIC), 0)) AS INT64
    ) * NUMERIC '0.001' * NUMERIC '0.001'
{%- endmacro %}

{#
  The part of net sales that has a cost, in whole thousandths, rounded down: what is not enough must not look like enough.
  NULL where net sales are not positive. Returns without a cost make the sales with a cost more than all: what they exceed
  is not covered.
#}
{% macro coverage(net_sales, sales_with_cost) -%}
IF(
        {{ net_sales }} > 0,
        CAST(
            FLOOR(
                CAST(
                    GREATEST({{ net_sales }} - ABS({{ net_sales }} - {{ sales_with_cost }}), 0) * 10000 AS BIGNUMERIC
                ) * 1000 / NULLIF(CAST({{ net_sales }} * 10000 AS BIGNUMERIC), 0)
            ) AS INT64
        ) * NUMERIC '0.001',
        NULL
    )
{%- endmacro %}
