-- The day's sales by REPORT_ATTRIBUTE of their orders, which is NULL where an order has none or is not known. A return
-- may be of an order of an earlier day, so `days` has those too. Amounts are in ten-thousandths of the reporting
-- currency and not rounded; those that cannot be converted are in none of the sums.
{% from "warehouse/macros/conversion.sql" import converted, rate_columns with context %}
WITH named AS (
    SELECT
        source,
        order_id,
        business_date,
        currency,
        is_sale,
        is_test,
        JSON_VALUE(attributes, '$.{{ report_attribute }}') AS attribute
    FROM {{ table("orders") }}
    WHERE {{ days("business_date") }}
),

entries AS (
    SELECT
        attribute,
        currency,
        1 AS orders,
        NUMERIC '0' AS units,
        NUMERIC '0' AS gross_sales,
        NUMERIC '0' AS discounts,
        NUMERIC '0' AS returns
    FROM named
    WHERE business_date = {{ day }}
        AND is_sale
        AND NOT is_test
    UNION ALL
    SELECT
        named.attribute,
        lines.currency,
        0 AS orders,
        lines.quantity AS units,
        lines.gross_amount AS gross_sales,
        lines.discount_amount AS discounts,
        NUMERIC '0' AS returns
    FROM {{ table("order_lines") }} AS lines
    LEFT JOIN named
        ON
            lines.source = named.source
            AND lines.order_id = named.order_id
    WHERE lines.business_date = {{ day }}
        AND lines.is_sale
        AND NOT lines.is_test
    UNION ALL
    SELECT
        named.attribute,
        refunds.currency,
        0 AS orders,
        NUMERIC '0' AS units,
        NUMERIC '0' AS gross_sales,
        NUMERIC '0' AS discounts,
        refunds.merchandise_amount AS returns
    FROM {{ table("refunds") }} AS refunds
    LEFT JOIN named
        ON
            refunds.source = named.source
            AND refunds.order_id = named.order_id
    WHERE refunds.business_date = {{ day }}
        AND refunds.is_sale
        AND NOT refunds.is_test
),

sums AS (
    SELECT
        attribute,
        currency,
        SUM(orders) AS orders,
        SUM(units) AS units,
        SUM(gross_sales) AS gross_sales,
        SUM(discounts) AS discounts,
        SUM(returns) AS returns
    FROM entries
    GROUP BY attribute, currency
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
    attribute,
    SUM(orders) AS orders,
    SUM(units) AS units,
    SUM({{ converted("gross_sales") }}) AS gross_sales,
    SUM({{ converted("discounts") }}) AS discounts,
    SUM({{ converted("returns") }}) AS returns,
    SUM({{ converted("gross_sales - discounts - returns") }}) AS net_sales
FROM rated
GROUP BY attribute
ORDER BY attribute
