-- Shopify (whole orders of the Admin API) -> staged layout. Amounts are in the shop's currency, and become amounts
-- before tax. Values are read as text; docs/SOURCES.md explains what counts as a line, a fee and a refund.
-- noqa: disable=capitalisation.identifiers,references.special_chars

CREATE TYPE money AS STRUCT(
    shopMoney STRUCT(amount VARCHAR, currencyCode VARCHAR), presentmentMoney STRUCT(amount VARCHAR)
);
CREATE TYPE taxes AS STRUCT(rate VARCHAR, priceSet money)[];
CREATE TYPE settled AS STRUCT(amount VARCHAR, currencyCode VARCHAR);

CREATE MACRO amount_of(bag) AS coalesce(as_amount(bag.shopMoney.amount), 0);
CREATE MACRO total_of(amounts) AS coalesce(list_sum(amounts), 0)::DECIMAL(18, 4);
CREATE MACRO tax_of(taxes) AS total_of(list_transform(taxes, LAMBDA one: amount_of(one.priceSet)));

-- The first text that is no amount, which the shared steps reject, else the amount.
CREATE MACRO unless_invalid(bags, amount) AS coalesce(
    list_filter(
        list_transform(bags, LAMBDA one: one.shopMoney.amount), LAMBDA one: amount_fault(one, '') IS NOT NULL
    )[1],
    amount::VARCHAR
);

-- The sum of settled amounts, likewise; NULL where there is none.
CREATE MACRO settled_sum(amounts) AS coalesce(
    list_filter(list_transform(amounts, LAMBDA one: one.amount), LAMBDA one: amount_fault(one, '') IS NOT NULL)[1],
    list_sum(list_transform(amounts, LAMBDA one: as_amount(one.amount)))::VARCHAR
);

-- An amount with the sign of a payment by the shop.
CREATE MACRO paid_by_shop(amount) AS CASE WHEN amount LIKE '-%' THEN amount ELSE '-' || amount END;

-- What was received for an order, at its exchange rate, which a payment need not have.
CREATE MACRO received_for(one) AS coalesce(
    share_of(
        amount_of(one.totalPriceSet),
        ten_thousandths(as_amount(one.totalReceivedSet.presentmentMoney.amount)),
        nullif(ten_thousandths(as_amount(one.totalPriceSet.presentmentMoney.amount)), 0)
    ),
    amount_of(one.totalReceivedSet)
);

CREATE MACRO number_in(gid) AS nullif(regexp_extract(gid, '\d+$'), '');

-- The price of a line before tax, of a price that includes `tax`: by the tax on what was paid, else by the rates.
CREATE MACRO before_tax(price, discount, tax, rates) AS CASE
    WHEN price > discount
        THEN share_of(price, ten_thousandths(price - discount - tax), ten_thousandths(price - discount))
    ELSE share_of(price, 100000000, 100000000 + (rates * 100000000)::HUGEINT)
END;

CREATE TABLE shopify_orders AS
SELECT
    *,
    source_in(parse_dirpath(parse_dirpath(filename))) AS source,
    'orders/' || parse_filename(filename) AS file,
    row_number() OVER (PARTITION BY source ORDER BY filename, legacyResourceId) AS row_number,
    version_of_source(source, row_number) AS version
FROM read_json(
    raw_files('/orders/*.json'), format = 'array', filename = TRUE,
    columns = {
        legacyResourceId: 'VARCHAR',
        test: 'BOOLEAN',
        processedAt: 'VARCHAR',
        updatedAt: 'VARCHAR',
        cancelledAt: 'VARCHAR',
        displayFinancialStatus: 'VARCHAR', displayFulfillmentStatus: 'VARCHAR', currencyCode: 'VARCHAR',
        edited: 'BOOLEAN',
        taxesIncluded: 'BOOLEAN', sourceName: 'VARCHAR', attribution: 'STRUCT(displayName VARCHAR)',
        app: 'STRUCT("name" VARCHAR)', discountCodes: 'VARCHAR[]', email: 'VARCHAR', customer: 'STRUCT(id VARCHAR)',
        shippingAddress: 'STRUCT(countryCodeV2 VARCHAR)', billingAddress: 'STRUCT(countryCodeV2 VARCHAR)',
        retailLocation: 'STRUCT(address STRUCT(countryCode VARCHAR))',
        totalPriceSet: 'money',
        currentTotalPriceSet: 'money',
        totalTaxSet: 'money', totalTipReceivedSet: 'money', totalReceivedSet: 'money', originalTotalDutiesSet: 'money',
        additionalFees: 'STRUCT(price money, taxLines taxes)[]',
        shippingLines: 'STRUCT(nodes STRUCT(isRemoved BOOLEAN, discountedPriceSet money, taxLines taxes)[])',
        lineItems: 'STRUCT(nodes STRUCT(
      id VARCHAR, sku VARCHAR, "name" VARCHAR, quantity BIGINT, currentQuantity BIGINT, isGiftCard BOOLEAN,
      product STRUCT(productType VARCHAR, category STRUCT("name" VARCHAR)), 
      variant STRUCT(id VARCHAR, inventoryItem STRUCT(unitCost STRUCT(amount VARCHAR))),
      originalTotalSet money, discountAllocations STRUCT(allocatedAmountSet money)[], taxLines taxes
    )[])',
        refunds: 'STRUCT(
      legacyResourceId VARCHAR, processedAt VARCHAR, note VARCHAR, totalRefundedSet money,
      "return" STRUCT(exchangeLineItems STRUCT(nodes STRUCT(id VARCHAR)[])), duties STRUCT(amountSet money)[],
      refundLineItems STRUCT(nodes STRUCT(
        quantity BIGINT, restockType VARCHAR, lineItem STRUCT(id VARCHAR), subtotalSet money, totalTaxSet money
      )[]),
      refundShippingLines STRUCT(nodes STRUCT(subtotalAmountSet money, taxAmountSet money)[]),
      transactions STRUCT(nodes STRUCT(kind VARCHAR, status VARCHAR)[])
    )[]',
        transactions: 'STRUCT(
      id VARCHAR, kind VARCHAR, status VARCHAR, gateway VARCHAR, test BOOLEAN, createdAt VARCHAR, processedAt VARCHAR,
      amountSet money, fees STRUCT(amount settled)[]
    )[]'
    }
);

-- A configured attribute is a field of the order, a custom attribute, a UTM parameter of the last visit, `tags`, or a
-- metafield (namespace__key). Orders are read once more for them, because read_json needs its columns in the statement.
--
-- Each function that reads JSON copies it into memory, so all fields are taken at once.
CREATE TABLE shopify_attributes AS
SELECT
    filename,
    legacyResourceId,
    attributes_from(
        list_transform(
            list_zip(getvariable('order_attributes'), fields),
            LAMBDA wanted: coalesce(
                CASE WHEN wanted[1] = 'tags' THEN array_to_string(tags::VARCHAR[], ', ') END,
                CASE WHEN starts_with(wanted[1], 'utm_') THEN utm ->> substr(wanted[1], 5) END,
                list_filter(custom, LAMBDA one: regexp_replace(one.key, '\W', '_', 'g') = wanted[1])[1].value,
                list_filter(metafields, LAMBDA one: one.namespace || '__' || one.key = wanted[1])[1].value,
                CASE WHEN json_type(wanted[2]) NOT IN ('OBJECT', 'ARRAY') THEN wanted[2] ->> '$' END
            )
        )
    ) AS attributes
FROM (
    SELECT
        filename,
        fields[1] ->> '$' AS legacyResourceId,
        fields[2] AS tags,
        fields[3] AS utm,
        from_json(fields[4], '[{"key": "VARCHAR", "value": "VARCHAR"}]') AS custom,
        from_json(fields[5], '[{"namespace": "VARCHAR", "key": "VARCHAR", "value": "VARCHAR"}]') AS metafields,
        fields[6:] AS fields
    FROM (
        SELECT
            filename,
            json_extract(
                json,
                list_concat(
                    [
                        '$.legacyResourceId', '$.tags', '$.customerJourneySummary.lastVisit.utmParameters',
                        '$.customAttributes', '$.metafields.nodes'
                    ],
                    getvariable('order_attributes')
                )
            ) AS fields
        FROM read_json_objects(raw_files('/orders/*.json'), format = 'array', filename = TRUE)
        WHERE len(getvariable('order_attributes')) > 0
    ) AS orders
) AS orders;

-- The lines of all orders, numbered by their ids, which grow. `kind`: goods; a gift card, which is a means of payment;
-- the tip, which is the line without product for the amount of the tip.
CREATE TABLE shopify_lines AS
WITH items AS (
    SELECT
        source,
        legacyResourceId,
        version,
        file,
        row_number,
        taxesIncluded,
        cancelledAt IS NOT NULL AS is_cancelled,
        amount_of(totalTipReceivedSet) AS tip,
        unnest(lineItems.nodes) AS item
    FROM shopify_orders
),

amounts AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY version ORDER BY regexp_extract(item.id, '\d+$')::HUGEINT) AS line_number,
        amount_of(item.originalTotalSet) AS price,
        total_of(list_transform(item.discountAllocations, LAMBDA one: amount_of(one.allocatedAmountSet))) AS discount,
        tax_of(item.taxLines) AS tax,
        coalesce(list_sum(list_transform(item.taxLines, LAMBDA one: try_cast(one.rate AS DECIMAL(18, 8)))), 0) AS rates
    FROM items
)

SELECT
    *,
    CASE
        WHEN item.isGiftCard THEN 'gift card'
        WHEN item.product IS NULL AND item.variant IS NULL AND price > 0 AND price = tip THEN 'tip'
        ELSE 'goods'
    END AS kind,
    CASE WHEN taxesIncluded THEN before_tax(price, discount, tax, rates) ELSE price END AS gross,
    CASE WHEN taxesIncluded THEN price - discount - tax ELSE price - discount END AS net
FROM amounts;

-- What all lines of an order are sold for, before tax. The tip is among the fees.
CREATE TABLE shopify_sold AS
SELECT
    version,
    sum(net) AS net
FROM shopify_lines
WHERE kind <> 'tip'
GROUP BY version;

-- Some orders list their duties among the additional fees too, and some prices contain them: `duties` are a further fee
-- where the total is nearer to the sum of the parts with them (`unexplained`: the total without the other parts).
CREATE OR REPLACE VIEW staged_orders AS
WITH parts AS (
    SELECT
        *,
        lower(
            regexp_replace(
                coalesce(as_text(attribution.displayName), as_text(app.name), as_text(sourceName), ''), '\W+', '_', 'g'
            )
        ) AS sold_by,
        amount_of(totalReceivedSet) > 0 AS is_paid_for,
        list_filter(coalesce(shippingLines.nodes, []), LAMBDA one: NOT coalesce(one.isRemoved, FALSE)) AS shipments,
        total_of(
            list_transform(
                shipments,
                LAMBDA one: amount_of(one.discountedPriceSet)
                - CASE WHEN taxesIncluded THEN tax_of(one.taxLines) ELSE 0 END
            )
        ) AS shipping,
        total_of(
            list_transform(
                additionalFees,
                LAMBDA one: amount_of(one.price) - CASE WHEN taxesIncluded THEN tax_of(one.taxLines) ELSE 0 END
            )
        ) + amount_of(totalTipReceivedSet) AS fees,
        amount_of(originalTotalDutiesSet) AS duties,
        amount_of(totalPriceSet) - coalesce(sold.net, 0) - shipping - fees - amount_of(totalTaxSet) AS unexplained
    FROM shopify_orders
    LEFT JOIN shopify_sold AS sold USING (version)
)

SELECT
    source,
    legacyResourceId AS order_id,
    version,
    file,
    row_number,
    source || CASE WHEN sold_by <> '' THEN '_' || trim(sold_by, '_') ELSE '' END AS channel,
    CASE
        WHEN cancelledAt IS NOT NULL AND NOT is_paid_for THEN 'cancelled'
        WHEN displayFinancialStatus IN ('REFUNDED', 'PARTIALLY_REFUNDED') THEN lower(displayFinancialStatus)
        WHEN displayFinancialStatus = 'VOIDED' THEN 'cancelled'
        WHEN displayFinancialStatus = 'EXPIRED' THEN 'failed'
        WHEN displayFinancialStatus = 'AUTHORIZED' THEN 'on-hold'
        WHEN displayFinancialStatus = 'PARTIALLY_PAID' THEN 'processing'
        WHEN displayFinancialStatus = 'PAID' AND displayFulfillmentStatus = 'FULFILLED' THEN 'completed'
        WHEN displayFinancialStatus = 'PAID' THEN 'processing'
        WHEN coalesce(displayFinancialStatus, 'PENDING') = 'PENDING' AND amount_of(totalPriceSet) = 0 THEN 'completed'
        ELSE lower(coalesce(displayFinancialStatus, 'pending'))
    END AS status,
    coalesce(totalPriceSet.shopMoney.currencyCode, currencyCode) AS currency,
    coalesce(
        as_text(shippingAddress.countryCodeV2), as_text(billingAddress.countryCodeV2),
        as_text(retailLocation.address.countryCode)
    ) AS country_code,
    email AS customer_email,
    regexp_extract(customer.id, '\d+$') AS customer_id,
    array_to_string(discountCodes, ',') AS coupon_code,
    test AS is_test,
    unless_invalid(list_transform(shipments, LAMBDA one: one.discountedPriceSet), shipping) AS shipping_amount,
    unless_invalid(
        list_concat(
            list_transform(coalesce(additionalFees, []), LAMBDA one: one.price),
            [totalTipReceivedSet, originalTotalDutiesSet]
        ),
        fees + CASE WHEN abs(unexplained) < abs(unexplained - duties) THEN 0 ELSE duties END
    ) AS fee_amount,
    totalTaxSet.shopMoney.amount AS tax_amount,
    processedAt AS ordered_at,
    updatedAt AS updated_at,
    read_at_of(source) AS received_at,
    attributes
FROM parts
LEFT JOIN shopify_attributes USING (filename, legacyResourceId);

CREATE OR REPLACE VIEW staged_order_lines AS
SELECT
    lines.source,
    lines.legacyResourceId AS order_id,
    lines.version,
    lines.line_number,
    lines.file || '#lineItems' AS file,
    lines.row_number * 1000000 + lines.line_number AS row_number,
    item.sku,
    item.name AS product_name,
    coalesce(as_text(item.product.productType), as_text(item.product.category.name), stored.category) AS category,
    item.quantity,
    CASE WHEN item.quantity > 0 THEN share_of(lines.gross, 1, item.quantity) END AS unit_price,
    unless_invalid([item.originalTotalSet], lines.gross) AS gross_amount,
    unless_invalid(
        list_transform(item.discountAllocations, LAMBDA one: one.allocatedAmountSet), lines.gross - lines.net
    ) AS discount_amount,
    unless_invalid(list_transform(item.taxLines, LAMBDA one: one.priceSet), lines.tax) AS tax_amount,
    item.variant.inventoryItem.unitCost.amount AS unit_cost,
    -- Shopify has the cost of today; that of the first read stays.
    CASE
        WHEN stored.quantity > 0
            THEN share_of(stored.cost_amount, ten_thousandths(item.quantity), ten_thousandths(stored.quantity))
    END AS cost_amount,
    NULL::TIMESTAMPTZ AS line_updated_at
FROM shopify_lines AS lines
LEFT JOIN (
    SELECT
        *,
        source_in(parse_dirpath(filename)) AS source
    FROM read_parquet(raw_files('/known_lines.parquet'), filename = TRUE, union_by_name = TRUE)
    UNION ALL BY NAME
    SELECT  -- optional
        NULL::DECIMAL(18, 4) AS quantity,
        NULL::DECIMAL(18, 4) AS cost_amount
    WHERE FALSE
) AS stored
    ON
        lines.source = stored.source AND lines.legacyResourceId = stored.order_id
        AND lines.line_number = stored.line_number
WHERE lines.kind = 'goods';

-- A refund is paid back for lines, shipping, duties, or for nothing in particular. Shopify does not say whether
-- the amounts of its lines include tax where prices do: the reading that adds up to what was paid back counts, else
-- that of prices.
CREATE TABLE shopify_refunds AS
WITH refunds AS (
    SELECT
        source,
        legacyResourceId AS order_id,
        version,
        file,
        row_number,
        taxesIncluded,
        unnest(refunds) AS refund,
        generate_subscripts(refunds, 1) AS position
    FROM shopify_orders
),

sums AS (
    SELECT
        *,
        coalesce(refund.refundLineItems.nodes, []) AS items,
        amount_of(refund.totalRefundedSet) AS paid,
        total_of(
            list_transform(refund.refundShippingLines.nodes, LAMBDA one: amount_of(one.taxAmountSet))
        ) AS shipping_tax,
        total_of(
            list_transform(refund.refundShippingLines.nodes, LAMBDA one: amount_of(one.subtotalAmountSet))
        ) AS stated_shipping,
        stated_shipping + total_of(list_transform(items, LAMBDA one: amount_of(one.subtotalSet))) AS stated,
        shipping_tax + total_of(list_transform(items, LAMBDA one: amount_of(one.totalTaxSet))) AS tax,
        total_of(list_transform(refund.duties, LAMBDA one: amount_of(one.amountSet))) AS duties,
        taxesIncluded AND paid <> stated + tax + duties AS includes_tax,
        stated_shipping - CASE WHEN includes_tax THEN shipping_tax ELSE 0 END AS shipping,
        stated + duties + CASE WHEN includes_tax THEN 0 ELSE tax END AS explained,
        list_transform(
            list_filter(refund.transactions.nodes, LAMBDA one: one.kind = 'REFUND'), LAMBDA one: one.status
        ) AS payments,
        list_has_any(payments, ['SUCCESS', 'PENDING']) AS is_paid,
        len(coalesce(refund.return.exchangeLineItems.nodes, [])) > 0 AS is_exchange
    FROM refunds
)

SELECT
    *,
    -- A return for an exchange is not paid back. A refund without payment has only removed units from the order. While
    -- a payment is pending, the rest may follow.
    CASE
        WHEN is_exchange THEN 0
        WHEN paid > explained AND is_paid THEN paid - explained
        WHEN paid < explained AND list_contains(payments, 'SUCCESS') AND NOT list_contains(payments, 'PENDING')
            THEN paid - explained
        ELSE 0
    END AS residual
FROM sums;

-- Units that were removed from an order without a refund, dated as the order: Shopify does not date such edits. A
-- cancelled order has no current units at all, and what was not paid back stays with the shop.
CREATE TABLE shopify_removed AS
WITH refunded_items AS (
    SELECT
        version,
        unnest(items) AS item
    FROM shopify_refunds
),

refunded AS (
    SELECT
        version,
        item.lineItem.id,
        sum(item.quantity) AS units
    FROM refunded_items
    GROUP BY version, item.lineItem.id
)

SELECT
    lines.source,
    lines.legacyResourceId AS order_id,
    lines.version,
    lines.line_number,
    lines.file,
    lines.row_number,
    lines.kind,
    item.quantity - coalesce(item.currentQuantity, item.quantity) - coalesce(refunded.units, 0) AS quantity,
    share_of(lines.net, quantity, item.quantity) AS net,
    share_of(lines.tax, quantity, item.quantity) AS tax
FROM shopify_lines AS lines
LEFT JOIN refunded ON lines.version = refunded.version AND item.id = refunded.id
WHERE
    NOT lines.is_cancelled AND item.quantity > 0
    AND item.quantity - coalesce(item.currentQuantity, item.quantity) - coalesce(refunded.units, 0) > 0;

-- What an order still owes its customer: removed units, refunds and exchanges that were not paid back at once, and a
-- price that an edit reduced. At most what was received beyond the current total. A later refund without lines pays it
-- back, and returns no further goods.
--
-- `held`: what was received and neither paid back nor is the price of what the customer has. A shop keeps no more of
-- its refunds: the rest was never paid, or pays for items that an edit added.
CREATE TABLE shopify_owed AS
WITH reductions AS (
    SELECT
        version,
        net + tax AS amount,
        0 AS settled,
        0 AS paid
    FROM shopify_removed
    UNION ALL
    SELECT
        version,
        CASE WHEN is_paid AND NOT is_exchange THEN 0 ELSE greatest(explained - paid, 0) END,
        CASE WHEN is_paid AND NOT is_exchange THEN explained ELSE paid END,
        paid
    FROM shopify_refunds
),

sums AS (
    SELECT
        version,
        sum(amount) AS amount,
        sum(settled) AS settled,
        sum(paid) AS paid
    FROM reductions
    GROUP BY version
)

SELECT
    sums.version,
    received_for(orders) AS received,
    CASE WHEN orders.edited THEN greatest(received - amount_of(orders.totalPriceSet), 0) ELSE 0 END AS overpaid,
    greatest(
        least(sums.amount + overpaid, received - amount_of(orders.currentTotalPriceSet) - sums.settled), 0
    ) AS amount,
    greatest(received - amount_of(orders.currentTotalPriceSet) - sums.paid, 0) AS held
FROM sums
INNER JOIN shopify_orders AS orders USING (version);

CREATE TABLE shopify_refunded_lines AS
SELECT
    refunds.order_id,
    refunds.version,
    refunds.position,
    lines.line_number,
    coalesce(lines.kind, 'goods') AS kind,
    items.item,
    amount_of(items.item.subtotalSet)
    - CASE WHEN refunds.includes_tax THEN amount_of(items.item.totalTaxSet) ELSE 0 END AS net,
    amount_of(items.item.totalTaxSet) AS tax
FROM shopify_refunds AS refunds, (SELECT unnest(refunds.items) AS item) AS items
LEFT JOIN shopify_lines AS lines ON refunds.version = lines.version AND items.item.lineItem.id = lines.item.id;

CREATE TABLE shopify_settled AS
WITH running AS (
    SELECT
        *,
        sum(greatest(residual, 0)) OVER until_here AS residual_so_far,
        sum(least(residual, 0)) OVER until_here AS kept_so_far
    FROM shopify_refunds
    WINDOW until_here AS (PARTITION BY version ORDER BY position)
)

SELECT
    running.* REPLACE (
        greatest(residual_so_far - owed.amount, 0)
        - greatest(residual_so_far - greatest(residual, 0) - owed.amount, 0)
        + greatest(kept_so_far, -owed.held)
        - greatest(kept_so_far - least(residual, 0), -owed.held) AS residual
    )
FROM running
INNER JOIN shopify_owed AS owed USING (version);

-- What cancelled orders cost beyond what was received and not paid back. It was never paid, and the goods not sold.
CREATE TABLE shopify_unpaid AS
SELECT
    orders.source,
    orders.legacyResourceId,
    orders.file,
    orders.row_number,
    orders.cancelledAt,
    amount_of(orders.totalPriceSet) - received_for(orders) - coalesce(returned.amount, 0) AS unpaid
FROM shopify_orders AS orders
LEFT JOIN (
    SELECT
        version,
        sum(explained + residual - paid) AS amount
    FROM shopify_settled
    GROUP BY version
) AS returned USING (version)
WHERE orders.cancelledAt IS NOT NULL AND amount_of(orders.totalReceivedSet) > 0 AND unpaid >= 0.01;

CREATE OR REPLACE VIEW staged_refunds AS
WITH of_orders AS (
    SELECT
        refunds.*,
        refunds.shipping_tax + coalesce(tips.tax, 0) AS other_tax,
        refunds.shipping + refunds.duties + coalesce(tips.net, 0) AS other_amount,
        coalesce(tips.goods, 0) AS goods,
        -- What the shop kept reduces the returns of goods, unless it kept it of a gift card.
        greatest(least(refunds.residual + coalesce(tips.gift_cards, 0), 0), -coalesce(tips.goods_net, 0)) AS kept
    FROM shopify_settled AS refunds
    LEFT JOIN (
        SELECT
            version,
            position,
            sum(net) FILTER (kind = 'tip') AS net,
            sum(tax) FILTER (kind = 'tip') AS tax,
            count(*) FILTER (kind = 'goods') AS goods,
            sum(net) FILTER (kind = 'goods') AS goods_net,
            sum(net + tax) FILTER (kind = 'gift card') AS gift_cards
        FROM shopify_refunded_lines
        GROUP BY version, position
    ) AS tips USING (version, position)
)

SELECT
    refunds.source,
    refunds.refund.legacyResourceId AS refund_id,
    refunds.order_id,
    lines.line_number,
    refunds.file || '#refunds' AS file,
    refunds.row_number * 1000000 + refunds.position AS row_number,
    lines.item.quantity,
    unless_invalid([lines.item.subtotalSet], lines.net) AS merchandise_amount,
    unless_invalid([lines.item.totalTaxSet], lines.tax) AS tax_amount,
    NULL::VARCHAR AS shipping_amount,
    NULL::VARCHAR AS unallocated_amount,
    coalesce(as_text(refunds.refund.note), lower(lines.item.restockType)) AS reason,
    refunds.refund.processedAt AS refunded_at
FROM shopify_refunds AS refunds
INNER JOIN shopify_refunded_lines AS lines USING (version, position)
WHERE lines.kind = 'goods'
UNION ALL
SELECT
    source,
    refund.legacyResourceId,
    order_id,
    NULL,
    file || '#refunds',
    row_number * 1000000 + position,
    NULL,
    kept::VARCHAR,
    other_tax::VARCHAR,
    other_amount::VARCHAR,
    unless_invalid([refund.totalRefundedSet], greatest(residual, 0)),
    refund.note,
    refund.processedAt
FROM of_orders
WHERE goods = 0 OR residual <> 0 OR other_tax <> 0 OR other_amount <> 0
UNION ALL
SELECT
    removed.source,
    'removed-' || removed.order_id,
    removed.order_id,
    removed.line_number,
    removed.file || '#refunds',
    removed.row_number * 1000000,
    removed.quantity,
    removed.net::VARCHAR,
    removed.tax::VARCHAR,
    NULL,
    NULL,
    'removed from the order',
    orders.processedAt
FROM shopify_removed AS removed
INNER JOIN shopify_orders AS orders USING (version)
WHERE removed.kind = 'goods'
UNION ALL
SELECT
    source,
    'removed-' || legacyResourceId,
    legacyResourceId,
    NULL,
    file || '#refunds',
    row_number * 1000000,
    NULL,
    NULL,
    NULL,
    NULL,
    unpaid::VARCHAR,
    'cancelled before it was paid',
    cancelledAt
FROM shopify_unpaid;

CREATE OR REPLACE VIEW staged_removals AS
SELECT
    source_in(parse_dirpath(filename)) AS source,
    order_id,
    read_at_of(source) AS removed_at
FROM read_parquet(raw_files('/removed_orders.parquet'), filename = TRUE);

-- Whether each order's parts add up to its total and, less refunds and removed units, to its current total.
CREATE OR REPLACE VIEW staged_warnings AS
WITH taken_off AS (
    SELECT
        version,
        sum(amount) AS amount
    FROM (
        SELECT
            version,
            net + tax AS amount
        FROM shopify_refunded_lines
        UNION ALL
        SELECT
            version,
            net + tax
        FROM shopify_removed
        UNION ALL
        SELECT
            version,
            shipping + shipping_tax + duties
        FROM shopify_refunds
    ) AS parts
    GROUP BY version
),

differences AS (
    SELECT
        staged_orders.source,
        staged_orders.order_id,
        business_date_of(as_instant(staged_orders.ordered_at)) AS day,
        amount_of(orders.totalPriceSet) - coalesce(sold.net, 0) - as_amount(staged_orders.shipping_amount)
        - as_amount(staged_orders.fee_amount) - coalesce(as_amount(staged_orders.tax_amount), 0) AS of_total,
        CASE
            WHEN orders.cancelledAt IS NOT NULL THEN 0
            ELSE
                amount_of(orders.currentTotalPriceSet)
                - (amount_of(orders.totalPriceSet) - coalesce(taken_off.amount, 0))
        END AS of_current_total
    FROM shopify_orders AS orders
    INNER JOIN staged_orders USING (version)
    LEFT JOIN shopify_sold AS sold USING (version)
    LEFT JOIN taken_off USING (version)
)

SELECT
    source,
    json_object(
        'kind', 'order_does_not_add_up', 'order', order_id, 'day', day::VARCHAR,
        'difference',
        (CASE WHEN abs(of_total) >= 0.01 THEN of_total ELSE of_current_total END)::DECIMAL(18, 2)::VARCHAR,
        'total', CASE WHEN abs(of_total) >= 0.01 THEN 'total' ELSE 'current total' END
    )::VARCHAR AS warning
FROM differences
WHERE abs(of_total) >= 0.01 OR abs(of_current_total) >= 0.01
QUALIFY row_number() OVER (
    PARTITION BY source ORDER BY abs(of_total) + abs(of_current_total) DESC, order_id
) <= 20;

-- Payments by other gateways than Shopify Payments, whose balance transactions have fees and payouts, also those of
-- Shop Pay Installments. An authorization moves no money. A sale in cash is what the customer gave, before the change.
CREATE TABLE shopify_transactions AS
SELECT
    *,
    entry.amountSet.shopMoney.currencyCode AS currency,
    CASE
        WHEN entry.kind IN ('REFUND', 'CHANGE') THEN paid_by_shop(entry.amountSet.shopMoney.amount)
        ELSE entry.amountSet.shopMoney.amount
    END AS amount
FROM (
    SELECT
        source,
        legacyResourceId AS order_id,
        file || '#transactions' AS file,
        row_number * 1000000 + generate_subscripts(transactions, 1) AS row_number,
        unnest(transactions) AS entry
    FROM shopify_orders
) AS transactions
WHERE
    entry.status = 'SUCCESS' AND entry.kind IN ('SALE', 'CAPTURE', 'REFUND', 'CHANGE')
    AND coalesce(entry.gateway, '') NOT IN ('shopify_payments', 'shopify_installments');

CREATE TABLE shopify_balance_transactions AS
SELECT
    *,
    source_in(parse_dirpath(parse_dirpath(filename))) AS source,
    'balance_transactions/' || parse_filename(filename) AS file,
    row_number() OVER (PARTITION BY source ORDER BY filename, id) AS row_number
FROM
    read_json(
        raw_files('/balance_transactions/*.json'), format = 'array', filename = TRUE,
        columns = {
            id: 'VARCHAR',
            type: 'VARCHAR',
            test: 'BOOLEAN',
            transactionDate: 'VARCHAR',
            amount: 'settled',
            fee: 'settled',
            orderAmount: 'settled',
            associatedOrder: 'STRUCT(id VARCHAR)',
            associatedPayout: 'STRUCT(id VARCHAR)'
        }
    )
WHERE type IS DISTINCT FROM 'TRANSFER';

-- The fee of a chargeback is no part of it, and may be paid back: an adjustment. A payout is a transaction too, of the
-- type TRANSFER. One that the bank declined comes back as TRANSFER_FAILURE, which the next payout contains.
CREATE OR REPLACE VIEW staged_payments AS
SELECT
    source,
    number_in(id) AS payment_id,
    number_in(associatedOrder.id) AS order_id,
    file,
    row_number,
    CASE
        WHEN type = 'CHARGE' THEN 'charge'
        WHEN type IN ('REFUND', 'REFUND_FAILURE') THEN 'refund'
        WHEN type IN ('DISPUTE_WITHDRAWAL', 'CHARGEBACK_HOLD') THEN 'chargeback'
        WHEN type IN ('DISPUTE_REVERSAL', 'CHARGEBACK_HOLD_RELEASE') THEN 'chargeback_reversal'
        WHEN type IN ('CHARGEBACK_FEE', 'CHARGEBACK_FEE_REFUND') OR ends_with(type, 'ADJUSTMENT') THEN 'adjustment'
        ELSE 'other'
    END AS kind,
    'shopify_payments' AS gateway,
    amount.currencyCode AS currency,
    amount.amount,
    fee.amount AS fee_amount,
    CASE WHEN associatedOrder IS NOT NULL THEN orderAmount.currencyCode END AS order_currency,
    CASE
        WHEN associatedOrder IS NULL THEN NULL
        -- Of another currency, it is that of the order transaction, which has no sign.
        WHEN amount.amount LIKE '-%' THEN paid_by_shop(orderAmount.amount)
        ELSE orderAmount.amount
    END AS order_amount,
    number_in(associatedPayout.id) AS payout_id,
    test AS is_test,
    transactionDate AS processed_at,
    read_at_of(source) AS received_at
FROM shopify_balance_transactions
UNION ALL
SELECT
    source,
    'order-transaction-' || number_in(entry.id) AS payment_id,
    order_id,
    file,
    row_number,
    CASE WHEN entry.kind = 'REFUND' THEN 'refund' ELSE 'charge' END AS kind,
    entry.gateway,
    currency,
    amount,
    CASE
        -- They are the shop's own.
        WHEN entry.gateway IN ('gift_card', 'shopify_store_credit') THEN '0'
        ELSE
            settled_sum(
                list_filter(
                    list_transform(entry.fees, LAMBDA one: one.amount), LAMBDA one: one.currencyCode = currency
                )
            )
    END AS fee_amount,
    currency AS order_currency,
    amount AS order_amount,
    NULL AS payout_id,
    entry.test AS is_test,
    coalesce(entry.processedAt, entry.createdAt) AS processed_at,
    read_at_of(source) AS received_at
FROM shopify_transactions;

CREATE TABLE shopify_payouts AS
SELECT
    *,
    source_in(parse_dirpath(filename)) AS source
FROM read_json(
    raw_files('/payouts.json'), format = 'array', filename = TRUE,
    columns = {
        legacyResourceId: 'VARCHAR',
        issuedAt: 'VARCHAR',
        status: 'VARCHAR',
        transactionType: 'VARCHAR',
        externalTraceId: 'VARCHAR',
        net: 'settled',
        summary: 'STRUCT(
      chargesGross settled, chargesFee settled, refundsFeeGross settled, refundsFee settled,
      adjustmentsGross settled, adjustmentsFee settled, advanceGross settled, advanceFees settled,
      reservedFundsGross settled, reservedFundsFee settled, retriedPayoutsGross settled, retriedPayoutsFee settled
    )'
    }
);

-- Shopify does not document the sign of a withdrawal.
CREATE OR REPLACE VIEW staged_payouts AS
SELECT
    source,
    legacyResourceId AS payout_id,
    'payouts.json' AS file,
    row_number() OVER (PARTITION BY source ORDER BY legacyResourceId) AS row_number,
    CASE
        -- A date, which has no time and no timezone.
        WHEN issuedAt LIKE '____-__-__T00:00:00Z' THEN left(issuedAt, 10)
        ELSE coalesce(business_date_of(as_instant(issuedAt))::VARCHAR, issuedAt)
    END AS issued_on,
    status,
    net.currencyCode AS currency,
    CASE WHEN transactionType = 'WITHDRAWAL' THEN paid_by_shop(net.amount) ELSE net.amount END AS amount,
    summary.chargesGross.amount AS charges,
    summary.refundsFeeGross.amount AS refunds,
    settled_sum(
        [
            summary.chargesFee, summary.refundsFee, summary.adjustmentsFee, summary.advanceFees,
            summary.reservedFundsFee, summary.retriedPayoutsFee
        ]
    ) AS fees,
    settled_sum(
        [
            summary.adjustmentsGross, summary.advanceGross, summary.reservedFundsGross, summary.retriedPayoutsGross
        ]
    ) AS adjustments,
    externalTraceId AS external_reference,
    read_at_of(source) AS received_at
FROM shopify_payouts;

CREATE VIEW staged_rows_read AS
SELECT
    source,
    count(*) AS rows_read
FROM (
    SELECT source FROM shopify_orders
    UNION ALL
    SELECT source FROM shopify_lines
    WHERE kind = 'goods'
    UNION ALL
    SELECT source FROM staged_refunds
    GROUP BY source, file, row_number
    UNION ALL
    SELECT source FROM shopify_balance_transactions
    UNION ALL
    SELECT source FROM shopify_transactions
    UNION ALL
    SELECT source FROM shopify_payouts
) AS records
GROUP BY source;
