{% from "warehouse/macros/conversion.sql" import converted, rate_columns with context %}
{% macro is_far(price, median) -%}
({{ price }} > 5 * {{ median }} OR 5 * {{ price }} < {{ median }})
{%- endmacro %}
-- Files, and sources without files, with unusual prices: order lines whose unit price in reporting currency is more than
-- 5 times above or below the median of their SKU in the 28 days before the business date. The lines are loaded
-- unchanged. See docs/DEFINITIONS.md, Unusual prices.
--
-- The lines of the day are judged, and those that the run loaded from files for the 28 days before it: no run of
-- their day may follow. A SKU has a usual price if it was sold on at least 3 of these days, in at least 5 lines, of which
-- at most a quarter were as far from the median. Lines without amount or exchange rate are left out. The median is of
-- lines, not weighted, so that one absurd day does not move it.
--
-- A file is listed if these lines differ by at least 1 % from what all lines of the day would amount to at usual prices.
-- One row per file and day; `sample` describes the files of the day, up to five.
WITH lines AS (
    SELECT
        sold.*,
        {{ rate_columns("sold.currency", "rates") }}
    FROM (
        SELECT
            business_date,
            source,
            order_id,
            sku,
            currency,
            CAST(quantity AS FLOAT64) AS quantity,
            gross_amount,
            read_at,
            run_id
        FROM `sales.order_lines`
        WHERE
            business_date BETWEEN DATE_SUB({{ business_date }}, INTERVAL 28 DAY) AND {{ business_date }}
            AND is_sale
            AND NOT is_test
            AND sku IS NOT NULL
            AND quantity > 0
            AND gross_amount > 0
    ) AS sold
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            sold.business_date = rates.business_date
            AND sold.currency = rates.currency
),

priced AS (
    SELECT
        *,
        CAST({{ converted("gross_amount") }} AS FLOAT64) / 10000 AS amount
    FROM lines
    WHERE order_rate IS NOT NULL
        AND reporting_rate IS NOT NULL
),

ranked AS (
    SELECT
        sku,
        business_date,
        amount / quantity AS price,
        ROW_NUMBER() OVER (PARTITION BY sku ORDER BY amount / quantity) AS place,
        COUNT(*) OVER (PARTITION BY sku) AS sku_lines
    FROM priced
    WHERE business_date < {{ business_date }}
),

usual AS (
    SELECT
        ranked.sku,
        MIN(medians.price) AS median
    FROM ranked
    INNER JOIN ranked AS medians
        ON
            ranked.sku = medians.sku
            AND 2 * medians.place IN (medians.sku_lines, medians.sku_lines + 1)
    GROUP BY ranked.sku
    HAVING COUNT(*) >= 5
        AND COUNT(DISTINCT ranked.business_date) >= 3
        AND 4 * COUNTIF({{ is_far("ranked.price", "medians.price") }}) <= COUNT(*)
),

-- Of one delivery: its orders were received together.
files AS (
    SELECT
        loaded.source,
        loaded.received_at,
        order_id,
        MIN(loaded.file) AS file
    FROM `sales.loaded_files` AS loaded
    CROSS JOIN UNNEST(loaded.order_ids) AS order_id
    WHERE loaded.business_date >= DATE_SUB({{ business_date }}, INTERVAL 28 DAY)
    GROUP BY loaded.source, loaded.received_at, order_id
),

judged AS (
    SELECT
        priced.business_date,
        COALESCE(files.file, priced.source) AS origin,
        priced.amount,
        usual.median * priced.quantity AS usual_amount,
        {{ is_far("priced.amount / priced.quantity", "usual.median") }} AS is_unusual
    FROM priced
    INNER JOIN usual
        ON priced.sku = usual.sku
    LEFT JOIN files
        ON
            priced.source = files.source
            AND priced.read_at = files.received_at
            AND priced.order_id = files.order_id
    WHERE priced.business_date = {{ business_date }}
        OR (priced.run_id = @run_id AND files.file IS NOT NULL)
),

origins AS (
    SELECT
        business_date,
        origin,
        CONCAT(
            origin, ': ', CAST(COUNTIF(is_unusual) AS STRING), ' of ', CAST(COUNT(*) AS STRING),
            ' lines with a usual price, ', FORMAT('%.2f', SUM(IF(is_unusual, amount, 0))), ' ',
            {{ reporting_currency }}, ' instead of about ', FORMAT('%.2f', SUM(IF(is_unusual, usual_amount, 0)))
        ) AS described,
        SUM(IF(is_unusual, ABS(amount - usual_amount), 0)) AS difference,
        SUM(SUM(usual_amount)) OVER (PARTITION BY business_date) AS usual_of_day
    FROM judged
    GROUP BY business_date, origin
),

listed AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY business_date ORDER BY difference DESC, origin ASC) AS place
    FROM origins
    WHERE difference > 0
        AND 100 * difference >= usual_of_day
),

samples AS (
    SELECT
        business_date,
        STRING_AGG(IF(place <= 5, described, NULL), '; ' ORDER BY place) AS sample
    FROM listed
    GROUP BY business_date
)

SELECT
    listed.business_date,
    @run_id AS run_id,
    samples.sample
FROM listed
INNER JOIN samples
    ON listed.business_date = samples.business_date
