{% from "warehouse/macros/conversion.sql" import converted, rate_columns, view_amount with context %}
{% from "warehouse/macros/exports.sql" import exported_sources with context %}
{% from "warehouse/macros/versions.sql" import newest %}
CREATE VIEW IF NOT EXISTS `sales.sales_contributions` (
    business_date OPTIONS (description = "Business day."),
    base_date OPTIONS (description = "Day it is compared with: a week before if that day is complete, otherwise the day before."),
    scope OPTIONS (description = "'all'; 'like_for_like' without the channels that began or ended between both days, where there are such."),
    dimension OPTIONS (description = "'total', 'category', 'country', 'channel', 'shop' (the source), 'product', 'customers' or 'measure': each has the whole net sales of both days. Also 'began' and 'ended', channels that did so, and 'unconverted', the currencies without an exchange rate on one of both days, which no amount includes."),
    name OPTIONS (description = "Value of the dimension, such as the code of a country, 'ZZ' when unknown; of customers 'new', 'returning', 'guests' and 'returns', of measures 'gross_sales', 'discounts' and 'returns'. Empty for the total, and for what belongs to no product."),
    parent OPTIONS (description = "Category of the newest order line of a product; NULL for other dimensions."),
    before OPTIONS (description = "Net sales of the base date in reporting currency; discounts and returns are negative. NULL for unconverted currencies."),
    now OPTIONS (description = "The same of the business day.")
)
OPTIONS (
    description = "One row per business day, scope, dimension and name: its part in the net sales of the day and of the day it is compared with. now - before is its contribution to the change."
)
AS
-- Every dimension divides the same total: net sales of daily_summary, without the currencies that have no exchange rate on one
-- of both days, and in scope 'like_for_like' without the channels that began or ended. Amounts are whole ten-thousandths
-- until the end, and what rounding leaves goes to the largest amount of a day.
WITH compared_days AS (
    {% if base is defined %}
    SELECT
        {{ report_day }} AS business_date,
        {{ base }} AS base_date
    {% else %}
    SELECT
        business_date,
        base_date
    FROM `sales.comparable_days`
    WHERE base_date IS NOT NULL
    {% endif %}
),

{% include "warehouse/tables/sales_contributions/divided_sales.jinja" %}
,

sold AS (
    SELECT
        business_date,
        channel,
        currency,
        customer_hash,
        COALESCE(sku, product_name, '') AS product,
        {{ newest("category") }} AS category,
        MAX(ordered_at) AS ordered_at,
        SUM(amount_after_discount) AS sales
    FROM `sales.order_lines`
    WHERE {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
    GROUP BY business_date, channel, currency, customer_hash, product
),

rated AS (
    SELECT
        sold.*,
        CASE
            WHEN sold.customer_hash IS NULL THEN 'guests'
            WHEN DATE(customers.first_ordered_at, {{ shop_timezone }}) = sold.business_date THEN 'new'
            ELSE 'returning'
        END AS buyers,
        {{ rate_columns("sold.currency", "rates") }}
    FROM sold
    LEFT JOIN `sales.customers` AS customers
        ON sold.customer_hash = customers.customer_hash
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            sold.business_date = rates.business_date
            AND sold.currency = rates.currency
),

-- daily_sales rounds each amount, daily_summary their sum.
roundings AS (
    SELECT
        summaries.business_date,
        summaries.net_sales - COALESCE(SUM(sales.net_sales_reporting), 0) AS amount
    FROM `sales.daily_summary` AS summaries
    LEFT JOIN divided_sales AS sales
        ON summaries.business_date = sales.business_date
    GROUP BY summaries.business_date, summaries.net_sales
),

-- In ten-thousandths. The category is that of a product.
amounts AS (
    SELECT
        sales.business_date,
        sales.channel,
        sales.currency,
        part.dimension,
        part.name,
        CAST(NULL AS STRING) AS category,
        CAST(NULL AS TIMESTAMP) AS ordered_at,
        CAST(part.amount AS BIGNUMERIC) * 10000 AS amount
    FROM divided_sales AS sales
    CROSS JOIN
        UNNEST([
            STRUCT('total' AS dimension, '' AS name, sales.net_sales_reporting AS amount),
            STRUCT('category' AS dimension, sales.category AS name, sales.net_sales_reporting AS amount),
            STRUCT('country' AS dimension, sales.country_code AS name, sales.net_sales_reporting AS amount),
            STRUCT('channel' AS dimension, sales.channel AS name, sales.net_sales_reporting AS amount),
            STRUCT('shop' AS dimension, sales.source AS name, sales.net_sales_reporting AS amount),
            STRUCT('measure' AS dimension, 'gross_sales' AS name, sales.gross_sales_reporting AS amount),
            STRUCT('measure' AS dimension, 'discounts' AS name, -sales.discounts_reporting AS amount),
            STRUCT('measure' AS dimension, 'returns' AS name, -sales.returns_reporting AS amount),
            STRUCT('customers' AS dimension, 'returns' AS name, -sales.returns_reporting AS amount)
        ]) AS part
    UNION ALL
    SELECT
        business_date,
        CAST(NULL AS STRING) AS channel,
        CAST(NULL AS STRING) AS currency,
        'total' AS dimension,
        '' AS name,
        CAST(NULL AS STRING) AS category,
        CAST(NULL AS TIMESTAMP) AS ordered_at,
        CAST(amount AS BIGNUMERIC) * 10000 AS amount
    FROM roundings
    UNION ALL
    SELECT
        rated.business_date,
        rated.channel,
        rated.currency,
        part.dimension,
        part.name,
        part.category,
        rated.ordered_at,
        {{ converted("rated.sales") }} AS amount
    FROM rated
    CROSS JOIN
        UNNEST([
            STRUCT('product' AS dimension, rated.product AS name, rated.category AS category),
            STRUCT('customers' AS dimension, rated.buyers AS name, CAST(NULL AS STRING) AS category)
        ]) AS part
    UNION ALL
    SELECT
        business_date,
        channel,
        currency,
        'product' AS dimension,
        COALESCE(sku, '') AS name,
        category,
        CAST(NULL AS TIMESTAMP) AS ordered_at,
        CAST(returns AS BIGNUMERIC) * -10000 AS amount
    FROM returned
),

sides AS (
    SELECT
        business_date,
        base_date,
        business_date AS day,
        TRUE AS is_now
    FROM compared_days
    UNION ALL
    SELECT
        business_date,
        base_date,
        base_date AS day,
        FALSE AS is_now
    FROM compared_days
),

unconverted AS (
    SELECT DISTINCT
        sides.business_date,
        sides.base_date,
        sales.currency
    FROM sides
    INNER JOIN divided_sales AS sales
        ON sides.day = sales.business_date
    WHERE sales.net_sales_reporting IS NULL
),

channel_days AS (
    SELECT DISTINCT
        business_date,
        channel,
        source IN ({{ exported_sources() }}) AS is_export
    FROM `sales.daily_sales`
    WHERE {{ days("business_date", before=91) }}
        AND order_lines > 0
),

channel_sums AS (
    SELECT
        compared.business_date,
        compared.base_date,
        channel_days.channel,
        MIN(channel_days.business_date) AS first_sold,
        MAX(channel_days.business_date) AS last_sold,
        COUNT(DISTINCT
            IF(
                channel_days.business_date BETWEEN DATE_SUB(compared.base_date, INTERVAL 6 DAY) AND compared.base_date,
                channel_days.business_date,
                NULL
            )
        ) AS days_sold,
        LOGICAL_AND(channel_days.is_export) AS is_export
    FROM compared_days AS compared
    INNER JOIN channel_days
        ON channel_days.business_date BETWEEN DATE_SUB(compared.base_date, INTERVAL 91 DAY) AND compared.business_date
    GROUP BY compared.business_date, compared.base_date, channel_days.channel
),

channel_spans AS (
    SELECT
        *,
        MAX(last_sold) OVER (PARTITION BY business_date) AS newest_sold
    FROM channel_sums
),

-- An export ends at once. A live channel may have bad days, and one that sold as long as any other has not ended: the
-- shop is closed.
moved_channels AS (
    SELECT
        business_date,
        base_date,
        channel,
        IF(first_sold > base_date, 'began', 'ended') AS dimension
    FROM channel_spans
    WHERE
        (
            first_sold > base_date
            AND last_sold = business_date
        )
        OR (
            first_sold <= base_date
            AND last_sold >= base_date
            AND last_sold < newest_sold
            AND (is_export OR (DATE_DIFF(newest_sold, last_sold, DAY) >= 3 AND days_sold >= 5))
        )
),

scopes AS (
    SELECT
        *,
        'all' AS scope
    FROM sides
    UNION ALL
    SELECT
        *,
        'like_for_like' AS scope
    FROM sides
    WHERE business_date IN (SELECT moved_channels.business_date FROM moved_channels)
),

sums AS (
    SELECT
        scopes.business_date,
        scopes.base_date,
        scopes.scope,
        amounts.dimension,
        amounts.name,
        ARRAY_AGG(amounts.category ORDER BY amounts.ordered_at DESC, amounts.category ASC LIMIT 1)[OFFSET(0)] AS category,
        CAST(ROUND(SUM(IF(scopes.is_now, 0, amounts.amount))) AS INT64) AS amount_before,
        CAST(ROUND(SUM(IF(scopes.is_now, amounts.amount, 0))) AS INT64) AS amount_now
    FROM scopes
    INNER JOIN amounts
        ON scopes.day = amounts.business_date
    LEFT JOIN unconverted
        ON
            scopes.business_date = unconverted.business_date
            AND amounts.currency = unconverted.currency
    LEFT JOIN moved_channels
        ON
            scopes.scope = 'like_for_like'
            AND scopes.business_date = moved_channels.business_date
            AND amounts.channel = moved_channels.channel
    WHERE unconverted.currency IS NULL
        AND moved_channels.channel IS NULL
    GROUP BY scopes.business_date, scopes.base_date, scopes.scope, amounts.dimension, amounts.name
),

measured AS (
    SELECT
        sums.*,
        totals.amount_before - SUM(sums.amount_before) OVER of_dimension AS rest_before,
        totals.amount_now - SUM(sums.amount_now) OVER of_dimension AS rest_now,
        ROW_NUMBER() OVER (of_dimension ORDER BY ABS(sums.amount_before) DESC, sums.name) = 1 AS is_largest_before,
        ROW_NUMBER() OVER (of_dimension ORDER BY ABS(sums.amount_now) DESC, sums.name) = 1 AS is_largest_now
    FROM sums
    INNER JOIN sums AS totals
        ON
            sums.business_date = totals.business_date
            AND sums.scope = totals.scope
            AND totals.dimension = 'total'
    WINDOW of_dimension AS (PARTITION BY sums.business_date, sums.scope, sums.dimension)
),

contributions AS (
    SELECT
        business_date,
        base_date,
        scope,
        dimension,
        name,
        NULLIF(IF(name = '', '', category), '') AS parent,
        amount_before + IF(is_largest_before, rest_before, 0) AS amount_before,
        amount_now + IF(is_largest_now, rest_now, 0) AS amount_now
    FROM measured
)

SELECT
    business_date,
    base_date,
    scope,
    dimension,
    name,
    parent,
    {{ view_amount("amount_before") }} AS before,
    {{ view_amount("amount_now") }} AS now
FROM contributions
WHERE dimension = 'total'
    OR amount_before <> 0
    OR amount_now <> 0
UNION ALL
SELECT
    moved.business_date,
    moved.base_date,
    'all' AS scope,
    moved.dimension,
    moved.channel AS name,
    CAST(NULL AS STRING) AS parent,
    {{ view_amount("COALESCE(contributions.amount_before, 0)") }} AS before,
    {{ view_amount("COALESCE(contributions.amount_now, 0)") }} AS now
FROM moved_channels AS moved
LEFT JOIN contributions
    ON
        moved.business_date = contributions.business_date
        AND moved.channel = contributions.name
        AND contributions.scope = 'all'
        AND contributions.dimension = 'channel'
UNION ALL
SELECT
    business_date,
    base_date,
    'all' AS scope,
    'unconverted' AS dimension,
    currency AS name,
    CAST(NULL AS STRING) AS parent,
    CAST(NULL AS BIGNUMERIC) AS before,
    CAST(NULL AS BIGNUMERIC) AS now
FROM unconverted;
