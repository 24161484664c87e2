{% from "warehouse/macros/return_lines.sql" import return_lines with context %}
{#
  Three conditions as text: on the days of the sales and returns, on those of `refunds`, which include the earlier refunds
  of the same orders, and on those of `order_lines`, which include the days of the refunded orders.

  The common table expressions of sales at the grain of daily_sales without the source, to be written after WITH:
  `returned`, the rows of return_lines that count, and `divided_sales`. Amounts in reporting currency are NULL without an
  exchange rate. Converted refunds of whole orders are divided among the orders' lines.
#}
{% set figures = [
    "units",
    "gross_sales",
    "discounts",
    "returns",
    "net_sales",
    "gross_sales_reporting",
    "discounts_reporting",
    "returns_reporting",
    "net_sales_reporting",
] %}
{% macro divided_sales(of_days, of_refunds, of_lines) -%}
returned AS (
    SELECT
        business_date,
        channel,
        sku,
        category,
        COALESCE(country_code, 'ZZ') AS country_code,
        currency,
        is_share,
        returns
    FROM (
        {{ return_lines(of_refunds, of_lines) | indent(8) }}
    ) AS all_returned
    WHERE {{ of_days }}
        AND is_sale
        AND NOT is_test
),

sales AS (
    SELECT
        business_date,
        channel,
        category,
        country_code,
        currency,
        {% for figure in figures %}
        SUM({{ figure }}) AS {{ figure }}{{ "," if not loop.last }}
        {% endfor %}
    FROM `sales.daily_sales`
    WHERE {{ of_days }}
    GROUP BY business_date, channel, category, country_code, currency
),

shares AS (
    SELECT
        business_date,
        channel,
        category,
        country_code,
        currency,
        SUM(returns) AS returns
    FROM returned
    WHERE is_share
    GROUP BY business_date, channel, category, country_code, currency
),

-- The rest of the refunds, which belongs to no line. Less than half a cent is of the conversion: the largest share gets it.
rests AS (
    SELECT
        shares.*,
        whole_orders.returns_reporting - SUM(shares.returns) OVER of_whole AS rest,
        ROW_NUMBER() OVER (of_whole ORDER BY shares.returns DESC, shares.category) = 1 AS is_largest
    FROM shares
    INNER JOIN sales AS whole_orders
        ON
            shares.business_date = whole_orders.business_date
            AND shares.channel = whole_orders.channel
            AND shares.country_code = whole_orders.country_code
            AND shares.currency = whole_orders.currency
            AND whole_orders.category = 'unallocated'
    WINDOW of_whole AS (PARTITION BY shares.business_date, shares.channel, shares.country_code, shares.currency)
),

divided AS (
    SELECT
        business_date,
        channel,
        category,
        country_code,
        currency,
        returns + IF(is_largest AND ABS(rest) < 0.005, rest, 0) AS returns
    FROM rests
),

sales_and_shares AS (
    SELECT
        business_date,
        channel,
        category,
        country_code,
        currency,
        {% for figure in figures %}
        {{ figure }}{{ "," if not loop.last }}
        {% endfor %}
    FROM sales
    {% for category, returns in [("category", "returns"), ("'unallocated'", "-returns")] %}
    UNION ALL
    SELECT
        business_date,
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
),

divided_sales AS (
    SELECT
        business_date,
        channel,
        category,
        country_code,
        currency,
        {% for figure in figures %}
        SUM(entries.{{ figure }}) AS {{ figure }}{{ "," if not loop.last }}
        {% endfor %}
    FROM sales_and_shares AS entries
    GROUP BY business_date, channel, category, country_code, currency
    -- Refunds of whole orders that are divided leave nothing.
    HAVING category <> 'unallocated'
        OR COALESCE(SUM(entries.returns_reporting) <> 0, TRUE)
)
{%- endmacro %}
