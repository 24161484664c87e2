-- What is stored of the sales database, summed up as extract/sales_db/reconciliation.sql sums up the source.
SELECT
    business_date,
    'orders' AS kind,
    status,
    currency,
    is_test,
    COUNT(*) AS entries,
    SUM(item_count) AS lines,
    SUM(gross_amount) AS amount,
    SUM(discount_amount) AS discount_amount,
    SUM(tax_amount) AS tax_amount,
    SUM(shipping_amount) AS shipping_amount
FROM {{ table("orders") }}
WHERE
    {{ days("business_date") }}
    AND source = 'sales_db'
    AND order_id NOT IN UNNEST(@left_out)
GROUP BY business_date, status, currency, is_test
UNION ALL
SELECT
    business_date,
    'refunds' AS kind,
    '' AS status,
    '' AS currency,
    FALSE AS is_test,
    COUNT(DISTINCT refund_id) AS entries,
    0 AS lines,
    SUM(merchandise_amount) AS amount,
    NUMERIC '0' AS discount_amount,
    NUMERIC '0' AS tax_amount,
    NUMERIC '0' AS shipping_amount
FROM {{ table("refunds") }}
WHERE
    {{ days("business_date") }}
    AND source = 'sales_db'
    AND order_id NOT IN UNNEST(@left_out)
GROUP BY business_date;
