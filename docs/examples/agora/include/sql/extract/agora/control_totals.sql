-- Count and gross amounts of the orders as read.
WITH orders AS (
    SELECT upper(trim(currency)) AS currency, lines
    FROM read_json(
        getvariable('pages'), format = 'array',
        columns = {currency: 'VARCHAR', lines: 'STRUCT(quantity VARCHAR, price VARCHAR)[]'}
    )
),

lines AS (
    SELECT
        currency,
        try_cast(line.quantity AS DECIMAL(11, 4))::DECIMAL(38, 4) * try_cast(line.price AS DECIMAL(14, 4)) AS amount
    FROM (SELECT currency, unnest(lines) AS line FROM orders)
),

amounts AS (
    SELECT currency, sum(amount::DECIMAL(38, 4)) AS amount
    FROM lines
    GROUP BY currency
)

SELECT
    (SELECT count(*) FROM orders) AS source_orders,
    coalesce(sum(amount), 0)::VARCHAR AS source_amount,
    coalesce(list({'currency': currency, 'amount': amount::VARCHAR}) FILTER (amount IS NOT NULL), []) AS source_amounts
FROM amounts;
