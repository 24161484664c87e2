{% from "warehouse/macros/implausible.sql" import excessive_discounts, negative_discounts, excessive_refunds
    with context %}
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
-- Implausible amounts of the day in reporting currency, largest effect on net sales first. Amounts without an exchange
-- rate are in no figure and are left out.
WITH amounts AS (
    SELECT
        'discount' AS kind,
        *
    FROM (
{{ excessive_discounts(report_day) | indent(8, first=True) }}
    ) AS discounts
    UNION ALL
    SELECT
        'negative_discount' AS kind,
        *
    FROM (
{{ negative_discounts(report_day) | indent(8, first=True) }}
    ) AS negative
    UNION ALL
    SELECT
        'refund' AS kind,
        *
    FROM (
{{ excessive_refunds(report_day) | indent(8, first=True) }}
    ) AS refunded
),

rated AS (
    SELECT
        amounts.*,
        {{ rate_columns("amounts.currency", "rates") }}
    FROM amounts
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            rates.business_date = {{ report_day }}
            AND amounts.currency = rates.currency
)

SELECT
    kind,
    source,
    order_id,
    {{ rounded(converted("amount")) }} AS amount,
    {{ rounded(converted("base_amount")) }} AS base_amount,
    {{ rounded(converted("excess")) }} AS excess
FROM rated
WHERE order_rate IS NOT NULL
    AND reporting_rate IS NOT NULL
ORDER BY excess DESC, kind, source, order_id, line_number
