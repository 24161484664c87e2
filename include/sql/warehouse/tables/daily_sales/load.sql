{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% from "warehouse/macros/replace.sql" import replace_days with context %}
{% call replace_days("daily_sales") %}
WITH entries AS (
    SELECT
        business_date,
        source,
        channel,
        category,
        country_code,
        currency,
        1 AS order_lines,
        quantity AS units,
        gross_amount AS gross_sales,
        discount_amount AS discounts,
        NUMERIC '0' AS returns,
        cost_amount AS cost_of_goods,
        IF(cost_amount IS NULL, NULL, amount_after_discount) AS sales_with_cost
    FROM `sales.order_lines`
    WHERE
        {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
    UNION ALL
    SELECT
        business_date,
        source,
        channel,
        category,
        country_code,
        currency,
        0 AS order_lines,
        NUMERIC '0' AS units,
        NUMERIC '0' AS gross_sales,
        NUMERIC '0' AS discounts,
        merchandise_amount AS returns,
        -cost_amount AS cost_of_goods,
        IF(cost_amount IS NULL, NULL, -merchandise_amount) AS sales_with_cost
    FROM `sales.refunds`
    WHERE
        {{ days("business_date") }}
        AND is_sale
        AND NOT is_test
),

sums AS (
    SELECT
        business_date,
        source,
        channel,
        category,
        COALESCE(country_code, 'ZZ') AS country_code,
        currency,
        SUM(order_lines) AS order_lines,
        SUM(units) AS units,
        SUM(gross_sales) AS gross_sales,
        SUM(discounts) AS discounts,
        SUM(returns) AS returns,
        SUM(gross_sales - discounts - returns) AS net_sales,
        SUM(cost_of_goods) AS cost_of_goods,
        SUM(sales_with_cost) AS sales_with_cost
    FROM entries
    GROUP BY business_date, source, channel, category, COALESCE(country_code, 'ZZ'), currency
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
)

SELECT
    business_date,
    source,
    channel,
    category,
    country_code,
    currency,
    order_lines,
    units,
    gross_sales,
    discounts,
    returns,
    net_sales,
    cost_of_goods,
    sales_with_cost,
    {{ rounded(converted("gross_sales")) }} AS gross_sales_reporting,
    {{ rounded(converted("discounts")) }} AS discounts_reporting,
    {{ rounded(converted("returns")) }} AS returns_reporting,
    {{ rounded(converted("net_sales")) }} AS net_sales_reporting,
    {{ rounded(converted("cost_of_goods")) }} AS cost_of_goods_reporting,
    {{ rounded(converted("sales_with_cost")) }} AS sales_with_cost_reporting
FROM rated
{%- endcall %}
