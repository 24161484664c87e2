{% from "warehouse/macros/audit_scope.sql" import daily_audit, is_off with context %}
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% from "warehouse/macros/deliveries.sql" import is_undelivered with context %}
{% from "warehouse/macros/replace.sql" import replace_days with context %}
{% call replace_days("daily_summary") %}
-- A day has a row when it has orders or refunds, or a run of its own, so the result does not depend on the order of
-- runs. The load of an export is not a run of a day.
WITH activity AS (
    {% for name in ["orders", "refunds"] %}
    SELECT
        business_date,
        source IN ({{ sources }}) AS is_expected,
        FALSE AS has_run
    FROM `sales.{{ name }}`
    WHERE {{ days("business_date") }}
    UNION DISTINCT
    {% endfor %}
    SELECT
        business_date,
        TRUE AS is_expected,
        TRUE AS has_run
    FROM `sales.load_audit`
    WHERE
        {{ days("business_date") }}
        AND source IN ({{ sources }})
        AND status <> 'history'
),

-- The daily sources are expected on days with a run, and on days with orders or refunds of one of them. Earlier days,
-- which only an export covers, are complete without them.
active_days AS (
    SELECT
        business_date,
        LOGICAL_OR(is_expected) AS is_expected,
        LOGICAL_OR(has_run) AS has_run
    FROM activity
    GROUP BY business_date
),

-- A source that was added later is expected from the first day with an audit row of it, whatever its status; without
-- such a row, from the newest day of any run. No day misses a source that is off by its latest run of any day.
expected_sources AS (
    SELECT
        name AS source,
        COALESCE(MIN(IF(audit.source = name, audit.business_date, NULL)), MAX(audit.business_date)) AS first_day,
        {{ is_off("audit.source = name") }} AS is_off
    FROM (
{{ daily_audit("business_date >= DATE '0001-01-01'") | indent(8, first=True) }}
    ) AS audit
    CROSS JOIN UNNEST([{{ sources }}]) AS name
    GROUP BY name
),

sums AS (
    SELECT
        business_date,
        currency,
        SUM(orders) AS orders,
        SUM(units) AS units,
        SUM(gross_sales) AS gross_sales,
        SUM(discounts) AS discounts,
        SUM(returns) AS returns,
        SUM(cost_of_goods) AS cost_of_goods,
        SUM(sales_with_cost) AS sales_with_cost,
        SUM(tax) AS tax,
        SUM(shipping) AS shipping
    FROM (
        SELECT
            business_date,
            currency,
            0 AS orders,
            units,
            gross_sales,
            discounts,
            returns,
            cost_of_goods,
            sales_with_cost,
            NUMERIC '0' AS tax,
            NUMERIC '0' AS shipping
        FROM `sales.daily_sales`
        WHERE {{ days("business_date") }}
        UNION ALL
        SELECT
            business_date,
            currency,
            1 AS orders,
            NUMERIC '0' AS units,
            NUMERIC '0' AS gross_sales,
            NUMERIC '0' AS discounts,
            NUMERIC '0' AS returns,
            NULL AS cost_of_goods,
            NULL AS sales_with_cost,
            tax_amount AS tax,
            shipping_amount AS shipping
        FROM `sales.orders`
        WHERE
            {{ days("business_date") }}
            AND is_sale
            AND NOT is_test
    ) AS entries
    GROUP BY business_date, currency
),

rated AS (
    SELECT
        sums.*,
        {{ rate_columns("sums.currency", "rates") }}
    FROM sums
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            sums.business_date = rates.business_date
            AND sums.currency = rates.currency
),

-- From here on, amounts are ten-thousandths in reporting currency; `rounded` makes them amounts.
totals AS (
    SELECT
        business_date,
        SUM(orders) AS orders,
        SUM(IF(order_rate IS NULL OR reporting_rate IS NULL, 0, orders)) AS converted_orders,
        SUM(units) AS units,
        SUM({{ converted("gross_sales") }}) AS gross_sales,
        SUM({{ converted("discounts") }}) AS discounts,
        SUM({{ converted("returns") }}) AS returns,
        SUM({{ converted("cost_of_goods") }}) AS cost_of_goods,
        SUM({{ converted("sales_with_cost") }}) AS sales_with_cost,
        SUM({{ converted("tax") }}) AS tax,
        SUM({{ converted("shipping") }}) AS shipping
    FROM rated
    GROUP BY business_date
),

buyers AS (
    SELECT
        business_date,
        COUNT(DISTINCT customer_hash) AS customers
    FROM `sales.orders`
    WHERE
        {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
    GROUP BY business_date
),

newcomers AS (
    SELECT
        DATE(first_ordered_at, {{ shop_timezone }}) AS business_date,
        COUNT(*) AS new_customers
    FROM `sales.customers`
    WHERE {{ days("DATE(first_ordered_at, " ~ shop_timezone ~ ")") }}
    GROUP BY DATE(first_ordered_at, {{ shop_timezone }})
),

-- A source is missing until a run of the day reads it after the end of the day, or the latest run has it switched off.
covered AS (
    SELECT DISTINCT
        business_date,
        source
    FROM (
        SELECT
            business_date,
            source,
            status,
            read_at,
            ROW_NUMBER() OVER (PARTITION BY business_date, source ORDER BY run_at DESC, run_id DESC) = 1 AS is_latest
        FROM (
{{ daily_audit(days("business_date")) | indent(12, first=True) }}
        ) AS audit
    ) AS ranked
    WHERE (status = 'off' AND is_latest)
        OR (status = 'success' AND DATE(read_at, {{ shop_timezone }}) > business_date)
),

-- Due deliveries that no run has loaded since.
missing_deliveries AS (
    SELECT
        audit.business_date,
        CONCAT(audit.source, ': ', partner) AS source
    FROM (
        SELECT
            business_date,
            source,
            missing_deliveries
        FROM `sales.load_audit`
        WHERE
            {{ days("business_date") }}
            AND source IN ({{ sources }})
            AND status = 'success'
        QUALIFY ROW_NUMBER() OVER (PARTITION BY business_date, source ORDER BY read_at DESC, run_id DESC) = 1
    ) AS audit
    CROSS JOIN UNNEST(audit.missing_deliveries) AS partner
    WHERE
        {{ is_undelivered("partner", "audit.business_date") }}
),

missing_sources AS (
    SELECT
        active_days.business_date,
        expected_source AS source
    FROM active_days
    CROSS JOIN UNNEST([{{ sources }}]) AS expected_source
    LEFT JOIN expected_sources
        ON expected_source = expected_sources.source
    LEFT JOIN covered
        ON
            active_days.business_date = covered.business_date
            AND expected_source = covered.source
    WHERE
        active_days.is_expected
        AND (NOT active_days.has_run OR active_days.business_date >= expected_sources.first_day)
        AND covered.source IS NULL
        AND NOT COALESCE(expected_sources.is_off, FALSE)
),

missing AS (
    SELECT
        business_date,
        ARRAY_AGG(source ORDER BY source) AS sources
    FROM (
        SELECT
            business_date,
            source
        FROM missing_sources
        UNION ALL
        SELECT
            business_date,
            source
        FROM missing_deliveries
    ) AS all_missing
    GROUP BY business_date
)

SELECT
    active_days.business_date,
    COALESCE(totals.orders, 0) AS orders,
    COALESCE(totals.units, 0) AS units,
    COALESCE(buyers.customers, 0) AS customers,
    COALESCE({{ rounded("totals.gross_sales") }}, 0) AS gross_sales,
    COALESCE({{ rounded("totals.discounts") }}, 0) AS discounts,
    COALESCE({{ rounded("totals.returns") }}, 0) AS returns,
    COALESCE({{ rounded("totals.gross_sales - totals.discounts - totals.returns") }}, 0) AS net_sales,
    {{ rounded("totals.cost_of_goods") }} AS cost_of_goods,
    {{ rounded("totals.sales_with_cost") }} AS sales_with_cost,
    COALESCE({{ rounded("totals.tax") }}, 0) AS tax,
    COALESCE({{ rounded("totals.shipping") }}, 0) AS shipping,
    IF(
        totals.converted_orders > 0,
        {{ rounded("(totals.gross_sales - totals.discounts) / totals.converted_orders") }},
        NULL
    ) AS average_order_value,
    COALESCE(newcomers.new_customers, 0) AS new_customers,
    COALESCE(totals.orders - totals.converted_orders, 0) AS unconverted_orders,
    -- Until empty_sources.sql, the next part of the script, which may set `empty_sources` and `complete`.
    missing.sources IS NULL AS complete,
    COALESCE(missing.sources, []) AS missing_sources,
    CAST([] AS ARRAY<STRING>) AS empty_sources
FROM active_days
LEFT JOIN totals
    ON active_days.business_date = totals.business_date
LEFT JOIN buyers
    ON active_days.business_date = buyers.business_date
LEFT JOIN newcomers
    ON active_days.business_date = newcomers.business_date
LEFT JOIN missing
    ON active_days.business_date = missing.business_date
{%- endcall %}
