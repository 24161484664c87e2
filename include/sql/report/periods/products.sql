-- Products of each slice by sales after discounts, without amounts that have no exchange rate: rows of `part` 'products' are
-- the best-selling ones, 'rising' and 'falling' those with the largest increase and decrease since the period before, if it can
-- be compared with. Name and category are those of the newest order in the slice. One row without a slice where nothing was
-- sold. `state` of all rows is that of `order_days.sql`.
{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% from "warehouse/macros/slices.sql" import calendar, slices_of, state_of_days with context %}
{% from "warehouse/macros/versions.sql" import newest %}
WITH states AS (
    {{ state_of_days() }}
),

calendar AS (
    {{ calendar() }}
),

bases AS (
    SELECT LOGICAL_AND(COALESCE(known_days.is_complete, FALSE)) AS is_comparable
    FROM calendar
    LEFT JOIN `sales.known_days` AS known_days
        ON calendar.day = known_days.business_date
    WHERE calendar.span = 'before'
),

lines AS (
    SELECT
        business_date,
        source,
        channel,
        category,
        COALESCE(country_code, 'ZZ') AS country_code,
        currency,
        COALESCE(sku, product_name, '') AS sku,
        product_name,
        ordered_at,
        quantity,
        amount_after_discount
    FROM `sales.order_lines`
    WHERE {{ days("business_date") }}
        AND business_date >= {{ before }}
        AND is_sale
        AND NOT is_test
),

sums AS (
    SELECT
        slice,
        lines.sku,
        lines.business_date,
        lines.currency,
        {{ newest("product_name") }} AS product_name,
        {{ newest("category") }} AS category,
        MAX(lines.ordered_at) AS ordered_at,
        SUM(lines.quantity) AS units,
        SUM(lines.amount_after_discount) AS sales
    FROM lines
    CROSS JOIN UNNEST({{ slices_of("lines") }}) AS slice
    WHERE slice IS NOT NULL
    GROUP BY slice, lines.sku, lines.business_date, lines.currency
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

sold AS (
    SELECT
        slice,
        sku,
        {{ newest("product_name") }} AS name,
        {{ newest("category") }} AS category,
        COALESCE(SUM(IF(business_date >= {{ first }}, units, NULL)), 0) AS units,
        COALESCE({{ rounded("SUM(IF(business_date >= " ~ first ~ ", " ~ converted("sales") ~ ", NULL))") }}, 0) AS sales,
        COALESCE({{ rounded("SUM(IF(business_date < " ~ first ~ ", " ~ converted("sales") ~ ", NULL))") }}, 0) AS before,
        COUNTIF(business_date >= {{ first }}) > 0 AS is_sold
    FROM rated
    WHERE order_rate IS NOT NULL
        AND reporting_rate IS NOT NULL
    GROUP BY slice, sku
),

chosen AS (
    SELECT
        sold.* EXCEPT (before),
        IF(bases.is_comparable, sold.before, NULL) AS before,
        part,
        ROW_NUMBER() OVER (
            PARTITION BY sold.slice, part
            ORDER BY
                CASE part WHEN 'rising' THEN sold.before - sold.sales WHEN 'falling' THEN sold.sales - sold.before ELSE -sold.sales END,
                sold.sku
        ) AS place
    FROM sold
    CROSS JOIN bases
    CROSS JOIN UNNEST(['products', 'rising', 'falling']) AS part
    WHERE
        CASE part
            WHEN 'rising' THEN bases.is_comparable AND sold.sales > sold.before
            WHEN 'falling' THEN bases.is_comparable AND sold.sales < sold.before
            ELSE sold.is_sold
        END
)

SELECT
    chosen.*,
    states.state
FROM states
LEFT JOIN chosen
    ON chosen.place <= IF(chosen.part = 'products', {{ most }}, {{ most_movers }})
ORDER BY chosen.slice, chosen.part, chosen.place
