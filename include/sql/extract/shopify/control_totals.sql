-- Counts and sums of the orders as read. Of an order on several pages the newest counts; of its lines those that are goods,
-- neither gift cards nor the tip. A price that includes tax counts without it, rounded to whole ten-thousandths.
WITH orders AS (
    SELECT
        legacyResourceId AS order_id,
        count(*) AS records,
        unnest(arg_max({
            taxes_included: taxesIncluded,
            currency: coalesce(totalPriceSet.shopMoney.currencyCode, currencyCode),
            tip: try_cast(totalTipReceivedSet.shopMoney.amount AS DECIMAL(18, 4)),
            lines: lineItems.nodes,
            refunds: refunds
        }, filename))
    FROM read_json(
        getvariable('pages'), format = 'array', filename = true,
        columns = {
            legacyResourceId: 'VARCHAR', taxesIncluded: 'BOOLEAN', currencyCode: 'VARCHAR',
            totalPriceSet: 'STRUCT(shopMoney STRUCT(amount VARCHAR, currencyCode VARCHAR))',
            totalTipReceivedSet: 'STRUCT(shopMoney STRUCT(amount VARCHAR))',
            lineItems: 'STRUCT(nodes STRUCT(
      isGiftCard BOOLEAN, product STRUCT(id VARCHAR), variant STRUCT(id VARCHAR),
      originalTotalSet STRUCT(shopMoney STRUCT(amount VARCHAR)),
      discountAllocations STRUCT(allocatedAmountSet STRUCT(shopMoney STRUCT(amount VARCHAR)))[],
      taxLines STRUCT(rate VARCHAR, priceSet STRUCT(shopMoney STRUCT(amount VARCHAR)))[]
    )[])',
            refunds: 'STRUCT(totalRefundedSet STRUCT(shopMoney STRUCT(amount VARCHAR)))[]'
        }
    )
    GROUP BY legacyResourceId
),

items AS (
    SELECT *, try_cast(line.originalTotalSet.shopMoney.amount AS DECIMAL(18, 4)) AS price
    FROM (SELECT order_id, currency, taxes_included, tip, unnest(lines) AS line FROM orders)
),

parts AS (
    SELECT
        currency,
        taxes_included,
        (price * 10000)::HUGEINT AS price,
        coalesce(list_sum(list_transform(line.discountAllocations, lambda one: (
            try_cast(one.allocatedAmountSet.shopMoney.amount AS DECIMAL(18, 4)) * 10000
        )::HUGEINT)), 0) AS discount,
        coalesce(list_sum(list_transform(line.taxLines, lambda one: (
            try_cast(one.priceSet.shopMoney.amount AS DECIMAL(18, 4)) * 10000
        )::HUGEINT)), 0) AS tax,
        coalesce(list_sum(list_transform(line.taxLines, lambda one: (
            try_cast(one.rate AS DECIMAL(18, 8)) * 100000000
        )::HUGEINT)), 0) AS rates
    FROM items
    WHERE NOT coalesce(line.isGiftCard, FALSE)
        AND NOT (line.product IS NULL AND line.variant IS NULL AND price > 0 AND price = coalesce(tip, 0))
),

goods AS (
    SELECT
        CASE WHEN regexp_full_match(trim(currency), '[A-Za-z]{3}') THEN upper(trim(currency)) ELSE '' END AS currency,
        CASE
            WHEN NOT coalesce(taxes_included, FALSE) THEN price
            WHEN price > discount
                THEN (2 * price * (price - discount - tax) + price - discount) // (2 * (price - discount))
            ELSE (2 * price * 100000000 + 100000000 + rates) // (2 * (100000000 + rates))
        END * 0.0001::DECIMAL(38, 4) AS amount
    FROM parts
),

order_totals AS (
    SELECT
        count(*) AS source_orders,
        coalesce(sum(len(refunds)), 0)::BIGINT AS source_refunds,
        coalesce(sum(list_sum(list_transform(refunds, lambda refund: (
            try_cast(refund.totalRefundedSet.shopMoney.amount AS DECIMAL(38, 4))
        )))), 0)::VARCHAR AS source_refund_amount,
        coalesce(sum(records), 0)::BIGINT AS records
    FROM orders
),

-- One pass over the lines, because DuckDB would plan them again for each sum.
currency_totals AS (
    SELECT
        currency,
        count(*) AS lines,
        sum(amount)::DECIMAL(38, 4) AS amount
    FROM goods
    GROUP BY currency
),

line_totals AS (
    SELECT
        coalesce(sum(lines), 0)::BIGINT AS source_lines,
        coalesce(sum(amount), 0)::DECIMAL(38, 4)::VARCHAR AS source_amount,
        coalesce(
            list({'currency': currency, 'amount': amount::VARCHAR} ORDER BY currency) FILTER (amount IS NOT NULL),
            []
        ) AS source_amounts
    FROM currency_totals
)

SELECT *
FROM order_totals
CROSS JOIN line_totals;
