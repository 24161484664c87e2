{% from "warehouse/macros/return_lines.sql" import return_lines with context %}
-- Sales of a day, or of the day it is compared with, at the grain of daily_sales without the source. Amounts in
-- reporting currency are NULL without an exchange rate. Converted refunds of whole orders are divided among the orders'
-- lines. `days` are those of the orders.
WITH sales AS (
    SELECT
        channel,
        category,
        country_code,
        currency,
        SUM(units) AS units,
        SUM(gross_sales) AS gross_sales,
        SUM(discounts) AS discounts,
        SUM(returns) AS returns,
        SUM(net_sales) AS net_sales,
        SUM(gross_sales_reporting) AS gross_sales_reporting,
        SUM(discounts_reporting) AS discounts_reporting,
        SUM(returns_reporting) AS returns_reporting,
        SUM(net_sales_reporting) AS net_sales_reporting
    FROM {{ table("daily_sales") }}
    WHERE business_date = {{ day }}
    GROUP BY channel, category, country_code, currency
),

shares AS (
    SELECT
        channel,
        category,
        COALESCE(country_code, 'ZZ') AS country_code,
        currency,
        SUM(returns) AS returns
    FROM (
        {{ return_lines("business_date BETWEEN " ~ first ~ " AND " ~ day, days("order_lines.business_date")) | indent(8) }}
    ) AS returned
    WHERE business_date = {{ day }}
        AND is_share
        AND is_sale
        AND NOT is_test
    GROUP BY channel, category, COALESCE(country_code, 'ZZ'), currency
),

-- The rest of the refunds, which belongs to no line. Less than half a cent is of the conversion: the largest share gets it.
rests AS (
    SELECT
        shares.*,
        whole.returns_reporting - SUM(shares.returns) OVER of_whole AS rest,
        ROW_NUMBER() OVER (of_whole ORDER BY shares.returns DESC, shares.category) = 1 AS is_largest
    FROM shares
    INNER JOIN sales AS whole
        ON
            shares.channel = whole.channel
            AND shares.country_code = whole.country_code
            AND shares.currency = whole.currency
            AND whole.category = 'unallocated'
    WINDOW of_whole AS (PARTITION BY shares.channel, shares.country_code, shares.currency)
),

divided AS (
    SELECT
        channel,
        category,
        country_code,
        currency,
        returns + IF(is_largest AND ABS(rest) < 0.005, rest, 0) AS returns
    FROM rests
),

entries AS (
    SELECT
        channel,
        category,
        country_code,
        currency,
        units,
        gross_sales,
        discounts,
        returns,
        net_sales,
        gross_sales_reporting,
        discounts_reporting,
        returns_reporting,
        net_sales_reporting
    FROM sales
    {% for category, returns in [("category", "returns"), ("'unallocated'", "-returns")] %}
    UNION ALL
    SELECT
        channel,
        {{ category }} AS category,
        country_code,
        currency,
        0 AS units,
        0 AS gross_sales,
        0 AS discounts,
        0 AS returns,
        0 AS net_sales,
        0 AS gross_sales_reporting,
        0 AS discounts_reporting,
        {{ returns }} AS returns_reporting,
        -({{ returns }}) AS net_sales_reporting
    FROM divided
    {% endfor %}
)

SELECT
    channel,
    category,
    country_code,
    currency,
    SUM(entries.units) AS units,
    SUM(entries.gross_sales) AS gross_sales,
    SUM(entries.discounts) AS discounts,
    SUM(entries.returns) AS returns,
    SUM(entries.net_sales) AS net_sales,
    SUM(entries.gross_sales_reporting) AS gross_sales_reporting,
    SUM(entries.discounts_reporting) AS discounts_reporting,
    SUM(entries.returns_reporting) AS returns_reporting,
    SUM(entries.net_sales_reporting) AS net_sales_reporting
FROM entries
GROUP BY channel, category, country_code, currency
-- Refunds of whole orders that are divided leave nothing.
HAVING category <> 'unallocated'
    OR COALESCE(SUM(entries.returns_reporting) <> 0, TRUE)
