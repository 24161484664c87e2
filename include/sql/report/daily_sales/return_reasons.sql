-- The day's returns by their reason, and how many refunds they are; amounts are in ten-thousandths of the reporting
-- currency, unrounded. What nothing converts is left out, like everywhere.
{% from "warehouse/macros/conversion.sql" import converted, rate_columns with context %}
WITH sums AS (
    SELECT
        NULLIF(TRIM(reason), '') AS reason,
        currency,
        -- A refund is in one currency; its lines may give different reasons.
        COUNT(DISTINCT CONCAT(source, ' ', refund_id)) AS refunds,
        SUM(merchandise_amount) AS returned
    FROM {{ table("refunds") }}
    WHERE business_date = {{ day }}
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
    LEFT JOIN {{ table("conversion_rates") }} AS rates
        ON
            rates.business_date = {{ day }}
            AND sums.currency = rates.currency
)

SELECT
    reason,
    SUM(refunds) AS refunds,
    SUM({{ converted("returned") }}) AS amount
FROM rated
WHERE order_rate IS NOT NULL
    AND reporting_rate IS NOT NULL
GROUP BY reason
ORDER BY reason
