-- Sales of the day by the REPORT_ATTRIBUTE of their orders, in reporting currency; `(none)` where the order has none or is
-- unknown. `days` includes the days of the returned orders. Amounts without an exchange rate are excluded.
{% set amounts = ["gross_sales", "discounts", "returns"] %}
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
WITH attributed_orders AS (
    SELECT
        source,
        order_id,
        business_date,
        currency,
        is_sale,
        is_test,
        JSON_VALUE(attributes, '$.{{ report_attribute }}') AS attribute
    FROM `sales.orders`
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
    FROM attributed_orders
    WHERE business_date = {{ report_day }}
        AND is_sale
        AND NOT is_test
    UNION ALL
    SELECT
        attributed_orders.attribute,
        lines.currency,
        0 AS orders,
        lines.quantity AS units,
        lines.gross_amount AS gross_sales,
        lines.discount_amount AS discounts,
        NUMERIC '0' AS returns
    FROM `sales.order_lines` AS lines
    LEFT JOIN attributed_orders
        ON
            lines.source = attributed_orders.source
            AND lines.order_id = attributed_orders.order_id
    WHERE lines.business_date = {{ report_day }}
        AND lines.is_sale
        AND NOT lines.is_test
    UNION ALL
    SELECT
        attributed_orders.attribute,
        refunds.currency,
        0 AS orders,
        NUMERIC '0' AS units,
        NUMERIC '0' AS gross_sales,
        NUMERIC '0' AS discounts,
        refunds.merchandise_amount AS returns
    FROM `sales.refunds` AS refunds
    LEFT JOIN attributed_orders
        ON
            refunds.source = attributed_orders.source
            AND refunds.order_id = attributed_orders.order_id
    WHERE refunds.business_date = {{ report_day }}
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
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            rates.business_date = {{ report_day }}
            AND sums.currency = rates.currency
),

-- In ten-thousandths.
amounts AS (
    SELECT
        attribute,
        SUM(orders) AS orders,
        SUM(units) AS units,
        {% for amount in amounts %}
        COALESCE(SUM({{ converted(amount) }}), 0) AS {{ amount }},
        {% endfor %}
        COALESCE(SUM({{ converted("gross_sales - discounts - returns") }}), 0) AS net_sales
    FROM rated
    GROUP BY attribute
)

-- The running totals are rounded, so that the rows add up to the headline.
SELECT
    COALESCE(NULLIF(attribute, ''), '(none)') AS name,
    orders,
    units,
    {% for amount in amounts + ["net_sales"] %}
    {% set running_total = "SUM(" ~ amount ~ ") OVER up_to_here" %}
    {{ rounded("ROUND(" ~ running_total ~ ") - ROUND(" ~ running_total ~ " - " ~ amount ~ ")") }} AS {{ amount }}{{ "," if not loop.last }}
    {% endfor %}
FROM amounts
WINDOW up_to_here AS (ORDER BY attribute)
ORDER BY net_sales DESC, COALESCE(attribute, '(none)'), attribute
