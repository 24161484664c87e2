{% from "warehouse/macros/conversion.sql" import converted, rate_columns with context %}
{# The most days between an order, its payments and their payouts: statements with constants on partitions read so many. #}
{% set payment_days = 400 %}

{# Payments that are no tests, with the exchange rates of their days. `chosen`: the condition on their days. #}
{% macro rated_payments(chosen) -%}
SELECT
        payments.source,
        payments.payment_id,
        payments.order_id,
        payments.business_date,
        payments.kind,
        payments.gateway,
        payments.payout_id,
        payments.currency,
        payments.amount,
        payments.fee_amount,
        {{ rate_columns("payments.currency", "rates") }}
    FROM `sales.payments` AS payments
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            payments.business_date = rates.business_date
            AND payments.currency = rates.currency
    WHERE
        {{ chosen }}
        AND NOT payments.is_test
{%- endmacro %}

{# A sum over payments in ten-thousandths of the reporting currency; NULL where one has no exchange rate. #}
{% macro total_of(amount) -%}
IF(
            LOGICAL_AND(order_rate IS NOT NULL AND reporting_rate IS NOT NULL),
            SUM({{ converted(amount) }}),
            NULL
        )
{%- endmacro %}

{#
  What payments cost: fees, and commissions, which are payments of their own. NULL where a fee is not known, or the order
  has neither a charge nor a commission.
#}
{% macro fees() -%}
IF(
            LOGICAL_AND(fee_amount IS NOT NULL) AND COUNTIF(kind IN ('charge', 'commission')) > 0,
            {{ total_of("fee_amount - IF(kind = 'commission', amount, 0)") }},
            NULL
        )
{%- endmacro %}

{# Statuses of payouts that never reach the bank. #}
{% set declined = "'failed', 'canceled', 'cancelled'" %}

{# Whether a payout with a status has reached the bank. #}
{% macro has_arrived(status) -%}
{{ status }} NOT IN ('scheduled', 'pending', 'in_transit', {{ declined }})
{%- endmacro %}
