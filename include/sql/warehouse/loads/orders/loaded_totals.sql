-- Orders and lines after the load: replaced orders as stored in the warehouse; orders that the warehouse already
-- had in a newer version, as read. So the totals match those of the source.
SELECT
    source,
    SUM(orders) AS orders,
    SUM(amount) AS amount
FROM (
    {% for name, amount in [("orders", "NUMERIC '0'"), ("order_lines", "entries.gross_amount")] %}
    SELECT
        entries.source,
        {{ 1 if name == "orders" else 0 }} AS orders,
        {{ amount }} AS amount
    FROM `sales.{{ name }}` AS entries
    INNER JOIN `sales_staging.replaced_orders` AS replaced
        ON
            entries.source = replaced.source
            AND entries.order_id = replaced.order_id
    WHERE {{ days("entries.business_date") }}
    UNION ALL
    SELECT
        entries.source,
        {{ 1 if name == "orders" else 0 }} AS orders,
        {{ amount }} AS amount
    FROM `sales_staging.{{ name }}` AS entries
    LEFT JOIN `sales_staging.replaced_orders` AS replaced
        ON
            entries.source = replaced.source
            AND entries.order_id = replaced.order_id
    WHERE replaced.order_id IS NULL
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
) AS loaded
GROUP BY source
