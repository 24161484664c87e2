-- Returns and number of refunds of the day by reason, rounded so that the amounts add up to the headline.
-- Amounts without an exchange rate are left out.
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
WITH sums AS (
    SELECT
        NULLIF(TRIM(reason), '') AS reason,
        currency,
        -- A refund has one currency; its lines may have different reasons.
        COUNT(DISTINCT CONCAT(source, ' ', refund_id)) AS refunds,
        SUM(merchandise_amount) AS returned
    FROM `sales.refunds`
    WHERE business_date = {{ report_day }}
        AND is_sale
        AND NOT is_test
        AND merchandise_amount <> 0
    GROUP BY 1, currency
),

rated AS (
    SELECT
        sums.*,
        {{ rate_columns("sums.currency", "rates") }}
    FROM sums
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            rates.business_date = {{ report_day }}
            AND sums.currency = rates.currency
),

-- In ten-thousandths.
amounts AS (
    SELECT
        reason,
        SUM(refunds) AS refunds,
        SUM({{ converted("returned") }}) AS amount
    FROM rated
    WHERE order_rate IS NOT NULL
        AND reporting_rate IS NOT NULL
    GROUP BY reason
)

{% set running_total = "SUM(amount) OVER up_to_here" %}
SELECT
    reason,
    refunds,
    {{ rounded("ROUND(" ~ running_total ~ ") - ROUND(" ~ running_total ~ " - amount)") }} AS amount
FROM amounts
WINDOW up_to_here AS (ORDER BY reason)
ORDER BY amount DESC, reason
