-- What the slices sold in the period and those before it, as rows of several parts; `part` is their field of PeriodFigures.
-- 'channels', 'categories', 'countries' and 'shops' (the sources) have net sales of the period before, and no row where the
-- slice is a single one of them; 'unconverted' are currencies without an exchange rate, whose amounts count nowhere; 'expected'
-- is what is sold on the complete days with a forecast. Each part has other columns.
{% from "warehouse/macros/amounts.sql" import coverage %}
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% from "warehouse/macros/headline_figures.sql" import figure_value, figures_per_order with context %}
{% from "warehouse/macros/slices.sql" import all_slices, calendar, is_divided_by, slices_of with context %}
{% set of_customers = ["new_customers", "returning_customers"] %}
{% set of_days = ["net_sales", "gross_sales", "discounts", "returns", "units", "tax", "shipping", "cost_of_goods", "sales_with_cost"] %}
{% set known_by = headline_figures.values() | map(attribute="known_by") | reject("none") | unique | list %}
{% macro row_of(part, values) -%}
SELECT
    slice,
    '{{ part }}' AS part,
    {% for column in [
        "name", "day", "value", "before", "year_before", "orders", "units", "gross_sales", "discounts", "returns", "net_sales",
        "complete", "forecast", "measure", "actual", "days", "cost_of_goods", "sales_with_cost", "coverage", "reason",
        "refunds", "amount", "place"
    ] %}
    {{ values.get(column, "NULL") }} AS {{ column }},
    {% endfor %}
    {{ values.get("missing_sources", "CAST([] AS ARRAY<STRING>)") }} AS missing_sources
{%- endmacro %}
WITH
{% include "warehouse/tables/sales_contributions/divided_sales.jinja" %}
,

calendar AS (
    {{ calendar() }}
),

-- Days that are not known have no orders.
states AS (
    SELECT
        calendar.span,
        calendar.day,
        COALESCE(comparable.is_complete, FALSE) AS is_complete,
        comparable.missing_sources,
        comparable.orders,
        {% for figure in known_by %}
        COALESCE(comparable.has_{{ figure }}, FALSE) AS has_{{ figure }},
        {% endfor %}
        {% for figure in of_days %}
        comparable.{{ figure }}{{ "," if not loop.last }}
        {% endfor %}
    FROM calendar
    LEFT JOIN `sales.comparable_days` AS comparable
        ON calendar.day = comparable.business_date
),

span_states AS (
    SELECT
        span,
        span = 'value' OR LOGICAL_AND(is_complete) AS is_comparable,
        {% for figure in known_by %}
        LOGICAL_AND(has_{{ figure }}) AS has_{{ figure }},
        {% endfor %}
        {% for figure in of_days %}
        SUM({{ figure }}) AS {{ figure }}{{ "," if not loop.last }}
        {% endfor %}
    FROM states
    GROUP BY span
),

categories AS (
    SELECT DISTINCT
        source,
        order_id,
        category
    FROM `sales.order_lines`
    WHERE {{ days("business_date") }}
),

-- An order is in a category if one of its lines is.
placed AS (
    SELECT
        orders.source,
        orders.order_id,
        orders.business_date,
        orders.channel,
        COALESCE(orders.country_code, 'ZZ') AS country_code,
        orders.currency,
        orders.customer_hash,
        orders.tax_amount,
        orders.shipping_amount,
        categories.category
    FROM `sales.orders` AS orders
    LEFT JOIN categories
        ON
            orders.source = categories.source
            AND orders.order_id = categories.order_id
    WHERE {{ days("orders.business_date") }}
        AND orders.is_sale
        AND NOT orders.is_test
),

rated AS (
    SELECT DISTINCT
        slice,
        placed.* EXCEPT (category),
        -- By the first order of the whole shop.
        DATE(customers.first_ordered_at, {{ shop_timezone }}) >= calendar.first_day AS is_new,
        {{ rate_columns("placed.currency", "rates") }}
    FROM placed
    INNER JOIN calendar
        ON placed.business_date = calendar.day
    CROSS JOIN UNNEST({{ slices_of("placed") }}) AS slice
    LEFT JOIN `sales.customers` AS customers
        ON placed.customer_hash = customers.customer_hash
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            placed.business_date = rates.business_date
            AND placed.currency = rates.currency
    WHERE slice IS NOT NULL
),

-- Orders have no category here: their lines do. Costs have neither; they are read from daily_sales, where a refund of a whole
-- order is in none of its categories.
entries AS (
    SELECT
        slice,
        sales.business_date,
        sales.channel,
        sales.category,
        sales.country_code AS country,
        sales.source AS shop,
        IF(sales.net_sales_reporting IS NULL, sales.currency, NULL) AS currency,
        0 AS orders,
        0 AS converted_orders,
        CAST(NULL AS STRING) AS customer_hash,
        FALSE AS is_new,
        CAST(NULL AS BIGNUMERIC) AS tax,
        CAST(NULL AS BIGNUMERIC) AS shipping,
        sales.units,
        sales.gross_sales_reporting AS gross_sales,
        sales.discounts_reporting AS discounts,
        sales.returns_reporting AS returns,
        sales.net_sales_reporting AS net_sales,
        NULL AS cost_of_goods,
        NULL AS sales_with_cost
    FROM divided_sales AS sales
    CROSS JOIN UNNEST({{ slices_of("sales") }}) AS slice
    WHERE slice IS NOT NULL
    UNION ALL
    SELECT
        slice,
        business_date,
        channel,
        NULL AS category,
        country_code AS country,
        source AS shop,
        IF(order_rate IS NULL OR reporting_rate IS NULL, currency, NULL) AS currency,
        1 AS orders,
        IF(order_rate IS NULL OR reporting_rate IS NULL, 0, 1) AS converted_orders,
        customer_hash,
        is_new,
        {{ converted("tax_amount") }} AS tax,
        {{ converted("shipping_amount") }} AS shipping,
        0 AS units,
        NULL AS gross_sales,
        NULL AS discounts,
        NULL AS returns,
        NULL AS net_sales,
        NULL AS cost_of_goods,
        NULL AS sales_with_cost
    FROM rated
    UNION ALL
    SELECT
        slice,
        costs.business_date,
        NULL AS channel,
        NULL AS category,
        NULL AS country,
        NULL AS shop,
        NULL AS currency,
        0 AS orders,
        0 AS converted_orders,
        NULL AS customer_hash,
        FALSE AS is_new,
        NULL AS tax,
        NULL AS shipping,
        0 AS units,
        NULL AS gross_sales,
        NULL AS discounts,
        NULL AS returns,
        NULL AS net_sales,
        costs.cost_of_goods_reporting AS cost_of_goods,
        costs.sales_with_cost_reporting AS sales_with_cost
    FROM `sales.daily_sales` AS costs
    CROSS JOIN UNNEST({{ slices_of("costs") }}) AS slice
    WHERE {{ days("costs.business_date") }}
        AND costs.cost_of_goods_reporting IS NOT NULL
        AND slice IS NOT NULL
),

sums AS (
    SELECT
        entries.slice,
        calendar.span,
        parts.part,
        parts.name,
        SUM(entries.orders) AS orders,
        SUM(entries.converted_orders) AS converted_orders,
        COUNT(DISTINCT entries.customer_hash) AS customers,
        COUNT(DISTINCT IF(entries.is_new, entries.customer_hash, NULL)) AS new_customers,
        COALESCE({{ rounded("SUM(entries.tax)") }}, 0) AS tax,
        COALESCE({{ rounded("SUM(entries.shipping)") }}, 0) AS shipping,
        SUM(entries.units) AS units,
        COALESCE(SUM(entries.gross_sales), 0) AS gross_sales,
        COALESCE(SUM(entries.discounts), 0) AS discounts,
        COALESCE(SUM(entries.returns), 0) AS returns,
        COALESCE(SUM(entries.net_sales), 0) AS net_sales,
        SUM(entries.cost_of_goods) AS cost_of_goods,
        SUM(entries.sales_with_cost) AS sales_with_cost
    FROM entries
    INNER JOIN calendar
        ON entries.business_date = calendar.day
    CROSS JOIN
        UNNEST([
            STRUCT('total' AS part, '' AS name),
            STRUCT('day' AS part, CAST(entries.business_date AS STRING) AS name),
            STRUCT('channels' AS part, entries.channel AS name),
            STRUCT('categories' AS part, entries.category AS name),
            STRUCT('countries' AS part, entries.country AS name),
            {% if shop_names %}
            STRUCT('shops' AS part, entries.shop AS name),
            {% endif %}
            STRUCT('unconverted' AS part, entries.currency AS name)
        ]) AS parts
    WHERE parts.name IS NOT NULL
    GROUP BY entries.slice, calendar.span, parts.part, parts.name
),

-- Amounts of the whole shop are the sums of its daily reports.
totals AS (
    SELECT
        slices.slice,
        slices.has_category,
        span_states.span,
        span_states.is_comparable,
        {% for figure in known_by %}
        span_states.has_{{ figure }},
        {% endfor %}
        {% for figure in of_days %}
        IF(slices.is_whole, span_states.{{ figure }}, sums.{{ figure }}) AS {{ figure }},
        {% endfor %}
        sums.orders,
        sums.customers,
        sums.new_customers,
        {{ rounded("(sums.gross_sales - sums.discounts) * 10000 / NULLIF(sums.converted_orders, 0)") }} AS average_order_value
    FROM {{ all_slices() }} AS slices
    CROSS JOIN span_states
    LEFT JOIN sums
        ON
            slices.slice = sums.slice
            AND span_states.span = sums.span
            AND sums.part = 'total'
),

headline AS (
    SELECT
        totals.slice,
        figure.name,
        figure.place,
        {% for span in ["value", "before", "year_before"] %}
        MAX(IF(totals.span = '{{ span }}' AND totals.is_comparable AND figure.is_known, figure.amount, NULL)) AS {{ span }}{{ "," if not loop.last }}
        {% endfor %}
    FROM totals
    CROSS JOIN
        UNNEST([
            {% for name, meaning in headline_figures.items() %}
            STRUCT(
                '{{ name }}' AS name,
                {{ loop.index }} AS place,
                CAST(COALESCE({{ figure_value("totals", name) }}, {{ "NULL" if meaning.per_order else 0 }}) AS BIGNUMERIC) AS amount,
                {% if name in of_customers %}
                totals.has_{{ meaning.known_by }} AS is_known
                {% elif meaning.known_by %}
                totals.span = 'value' OR totals.has_{{ meaning.known_by }} AS is_known
                {% else %}
                TRUE AS is_known
                {% endif %}
            ){{ "," if not loop.last }}
            {% endfor %}
        ]) AS figure
    WHERE NOT totals.has_category
        OR figure.name NOT IN ('tax', 'shipping', {{ figures_per_order() }})
    GROUP BY totals.slice, figure.name, figure.place
),

forecasts AS (
    SELECT
        business_date,
        series,
        forecast,
        net_forecast
    FROM `sales.forecast_comparisons`
    WHERE business_date >= {{ first }}
        AND forecast IS NOT NULL
),

days AS (
    SELECT
        slices.slice,
        slices.is_whole,
        states.day,
        states.is_complete,
        states.missing_sources,
        IF(states.orders IS NULL, NULL, COALESCE(sums.orders, 0)) AS orders,
        IF(
            states.orders IS NULL,
            NULL,
            IF(slices.is_whole, states.net_sales, COALESCE(sums.net_sales, 0))
        ) AS net_sales,
        IF(slices.is_whole, states.gross_sales, COALESCE(sums.gross_sales, 0)) AS gross_sales,
        forecasts.forecast,
        forecasts.net_forecast
    FROM {{ all_slices() }} AS slices
    CROSS JOIN states
    LEFT JOIN sums
        ON
            slices.slice = sums.slice
            AND sums.span = 'value'
            AND sums.part = 'day'
            AND sums.name = CAST(states.day AS STRING)
    LEFT JOIN forecasts
        ON
            slices.series = forecasts.series
            AND states.day = forecasts.business_date
    WHERE states.span = 'value'
),

expected AS (
    SELECT
        slice,
        is_whole,
        SUM(IF(is_whole, net_forecast, forecast)) AS forecast,
        SUM(IF(is_whole, net_sales, gross_sales)) AS actual,
        COUNT(*) AS days
    FROM days
    WHERE is_complete
        AND forecast IS NOT NULL
    GROUP BY slice, is_whole
),

breakdowns AS (
    SELECT
        sums.*,
        IF(span_states.is_comparable, COALESCE(earlier.net_sales, 0), NULL) AS before
    FROM sums
    INNER JOIN span_states
        ON span_states.span = 'before'
    LEFT JOIN sums AS earlier
        ON
            earlier.span = 'before'
            AND sums.slice = earlier.slice
            AND sums.part = earlier.part
            AND sums.name = earlier.name
    WHERE sums.span = 'value'
),

costs AS (
    SELECT
        *,
        {{ coverage("net_sales", "sales_with_cost") }} AS coverage
    FROM totals
    WHERE span = 'value'
        AND sales_with_cost IS NOT NULL
),

refunded AS (
    SELECT DISTINCT
        source,
        refund_id,
        line_number,
        NULLIF(TRIM(reason), '') AS reason
    FROM `sales.refunds`
    WHERE {{ days("business_date") }}
        AND business_date >= {{ first }}
),

reasons AS (
    SELECT
        slice,
        refunded.reason,
        COUNT(DISTINCT CONCAT(returned.source, ' ', returned.refund_id)) AS refunds,
        SUM(returned.returns) AS amount
    FROM returned
    INNER JOIN refunded
        ON
            returned.source = refunded.source
            AND returned.refund_id = refunded.refund_id
            AND IF(returned.is_share, 0, returned.line_number) = refunded.line_number
    CROSS JOIN UNNEST({{ slices_of("returned") }}) AS slice
    WHERE returned.returns <> 0
        AND slice IS NOT NULL
    GROUP BY slice, refunded.reason
)

{{ row_of("headline", {
    "name": "name", "place": "place", "value": "value", "before": "before", "year_before": "year_before"
}) }}
FROM headline
UNION ALL
{{ row_of("days", {
    "day": "day", "complete": "is_complete", "missing_sources": "COALESCE(missing_sources, [])", "orders": "orders",
    "net_sales": "net_sales", "forecast": "IF(is_whole, net_forecast, NULL)"
}) }}
FROM days
{% for part, column in {
    "channels": "channel", "categories": "category", "countries": "country_code", "shops": "source", "unconverted": "currency"
}.items() %}
UNION ALL
{{ row_of(part, {
    "name": "name", "orders": "NULL" if part == "categories" else "orders", "units": "units", "gross_sales": "gross_sales",
    "discounts": "discounts", "returns": "returns", "net_sales": "net_sales", "before": "before"
}) }}
FROM breakdowns
WHERE part = '{{ part }}'
    AND {{ is_divided_by(column) }}
{% endfor %}
UNION ALL
{{ row_of("costs", {
    "cost_of_goods": "cost_of_goods", "sales_with_cost": "sales_with_cost", "coverage": "coverage"
}) }}
FROM costs
UNION ALL
{{ row_of("return_reasons", {"reason": "reason", "refunds": "refunds", "amount": "amount"}) }}
FROM reasons
UNION ALL
{{ row_of("expected", {
    "measure": "IF(is_whole, 'net_sales', 'gross_sales')", "forecast": "forecast", "actual": "actual", "days": "days"
}) }}
FROM expected
ORDER BY
    slice ASC,
    part ASC,
    day ASC,
    place ASC,
    net_sales DESC,
    name ASC,
    reason ASC
