-- Storefront (WooCommerce pages) -> staged layout. Numbers are read as text, so that ids keep all digits and amounts do
-- not become floats. Invalid numbers are passed on unchanged; the shared steps reject them.

-- The storefront writes UTC without Z.
CREATE MACRO gmt(value) AS rtrim(value, 'Zz') || 'Z';

-- WordPress stores names as HTML: `Tea &amp; Biscuits` is the category `Tea & Biscuits` of other channels. Python
-- refuses an entity with a number of more than 4,300 digits.
CREATE MACRO from_html(value) AS
CASE WHEN contains(value, '&') THEN without_entities(shortened(value, 4000)) ELSE value END;

-- What PHP has for no number: an empty text or FALSE.
CREATE MACRO unless_empty(value) AS CASE WHEN trim(value) NOT IN ('', 'false') THEN value END;

CREATE MACRO is_invalid(value) AS amount_fault(value, '') IS NOT NULL;

CREATE MACRO difference(value, less) AS CASE
    WHEN is_invalid(value) THEN value
    WHEN is_invalid(less) THEN less
    ELSE (as_amount(value)::DECIMAL(38, 4) - as_amount(less))::VARCHAR
END;

CREATE MACRO negated(value) AS CASE
    WHEN is_invalid(value) THEN value
    ELSE (-as_amount(value)::DECIMAL(38, 4))::VARCHAR
END;

CREATE MACRO total_of(amounts) AS coalesce(
    list_filter(amounts, LAMBDA one: is_invalid(one))[1],
    list_sum(list_transform(amounts, LAMBDA one: as_amount(one)))::VARCHAR
);

-- Rounded half away from zero.
CREATE MACRO per_unit(amount, quantity) AS CASE
    WHEN quantity > 0 THEN
        (20000 * ten_thousandths(abs(amount)) + ten_thousandths(quantity)) // (2 * ten_thousandths(quantity))
        * 0.0001 * sign(amount)
END;

-- A negative fee is a discount of the order. `weights` divide it: what each line costs after its own discount. Without
-- such a line, the fee stays a fee.
CREATE MACRO weights_of(items) AS list_transform(
    coalesce(items, []), LAMBDA one: ten_thousandths(greatest(coalesce(as_amount(one.total), 0), 0))
);
CREATE MACRO fee_amounts(fees) AS list_transform(coalesce(fees, []), LAMBDA one: unless_empty(one.total));
CREATE MACRO negative_fees(fees) AS list_filter(fee_amounts(fees), LAMBDA one: as_amount(one) < 0);

-- The share of a line in `amount`. Rounding running totals keeps the sum of the shares exact.
CREATE MACRO share_at(amount, weights, line) AS (
    share_of(amount, list_sum([0] || weights[:line])::HUGEINT, list_sum(weights)::HUGEINT)
    - share_of(amount, list_sum([0] || weights[:line - 1])::HUGEINT, list_sum(weights)::HUGEINT)
);

-- Fees of payments are meta data of orders: floats as text, in some languages with a comma: 0.8800000001, 1,23. Any
-- other text, and 1,234, which may be a thousand, is an unknown fee: NULL, never 0.
CREATE MACRO as_fee(value) AS CASE
    WHEN
        regexp_full_match(trim(value), '\d+([.,]\d*)?([eE]-\d{1,2})?')
        AND NOT regexp_full_match(trim(value), '\d{1,3},\d{3}')
        AND as_amount(replace(trim(value), ',', '.')) < amount_limit()
        THEN as_amount(replace(trim(value), ',', '.'))
END;

-- The names that may have the fee, the first that is readable counts. Another provider's is of a payment that failed.
CREATE MACRO fee_names(gateway) AS list_concat(
    CASE
        WHEN gateway LIKE 'stripe%' THEN ['_stripe_fee']
        WHEN gateway LIKE 'woocommerce_payments%' THEN ['_wcpay_transaction_fee']
        WHEN gateway LIKE 'ppcp%' OR gateway LIKE '%paypal%' THEN ['_ppcp_paypal_fees', 'PayPal Transaction Fee']
        ELSE ['_stripe_fee', '_wcpay_transaction_fee', '_ppcp_paypal_fees', 'PayPal Transaction Fee']
    END,
    getvariable('payment_fee_meta')
);

-- PayPal's fees are an object, in some versions as JSON text.
CREATE MACRO paypal_fee(value, field) AS coalesce(
    value ->> ('$.paypal_fee.' || field),
    CASE WHEN json_valid(value ->> '$') THEN (value ->> '$')::JSON ->> ('$.paypal_fee.' || field) END
);

CREATE MACRO meta_value(meta_data, name) AS list_filter(meta_data, LAMBDA one: one.key = name)[1].value;

CREATE MACRO fee_in(meta_data, name) AS as_fee(
    CASE
        WHEN name = '_ppcp_paypal_fees' THEN paypal_fee(meta_value(meta_data, name), 'value')
        ELSE meta_value(meta_data, name) ->> '$'
    END
);

-- Only what payments need of the meta data is kept, before the window holds all rows in memory.
--
-- Plugins for several vendors (Dokan, MultiVendorX and its former names, YITH) divide an order that was paid once
-- into sub-orders. Other orders with a parent, such as old renewals of subscriptions, were paid themselves.
CREATE TABLE storefront_orders AS
SELECT
    *,
    CASE
        WHEN len(negative_fees(fee_lines)) = 0 THEN []
        WHEN list_sum(weights_of(line_items)) > 0 THEN negative_fees(fee_lines)
        ELSE []
    END AS fee_discounts,
    'orders/' || parse_filename(filename) AS file,
    row_number() OVER (ORDER BY filename, id) AS row_number
FROM (
    SELECT
        * EXCLUDE (meta_data, status, parent_id, created_via),
        CASE
            WHEN
                parent_id <> '0'
                AND created_via IN (
                    'dokan', 'multivendorx_store_order', 'mvx_vendor_order', 'wcmp_vendor_order',
                    'yith_wcmv_vendor_suborder'
                )
                THEN 'sub-order'
            ELSE status
        END AS status,
        CASE
            WHEN as_text(date_paid_gmt) IS NOT NULL
                THEN list_filter(
                    from_json(meta_data, '[{"key": "VARCHAR", "value": "JSON"}]'),
                    LAMBDA one: one.key IN (
                        '_stripe_net', '_stripe_currency', '_wcpay_mode', '_ppcp_paypal_payment_mode'
                    ) OR list_contains(fee_names(NULL), one.key)
                )
        END AS payment_meta
    FROM read_json(
        getvariable('raw') || '/orders/*.json', format = 'array', filename = TRUE,
        columns = {
            id: 'VARCHAR', parent_id: 'VARCHAR', created_via: 'VARCHAR', status: 'VARCHAR', currency: 'VARCHAR',
            date_created_gmt: 'VARCHAR',
            date_modified_gmt: 'VARCHAR', customer_id: 'VARCHAR', shipping_total: 'VARCHAR', total_tax: 'VARCHAR',
            billing: 'STRUCT(email VARCHAR, country VARCHAR)', shipping: 'STRUCT(country VARCHAR)',
            fee_lines: 'STRUCT(total VARCHAR)[]', coupon_lines: 'STRUCT(code VARCHAR)[]',
            total: 'VARCHAR', payment_method: 'VARCHAR', date_paid_gmt: 'VARCHAR', meta_data: 'JSON',
            refunds: 'STRUCT(id VARCHAR)[]',
            line_items: 'STRUCT(
          id VARCHAR, product_id VARCHAR, sku VARCHAR, "name" VARCHAR, quantity VARCHAR, subtotal VARCHAR,
          total VARCHAR, total_tax VARCHAR, cost_of_goods_sold JSON
        )[]'
        }
    )
) AS pages;

-- A configured attribute is a field of the order or one of its meta_data, which plugins write. Orders are read once
-- more for them, because read_json needs its columns in the statement.
-- Each function that reads JSON copies it into memory, so all fields are taken at once.
CREATE TABLE storefront_attributes AS
SELECT
    filename,
    fields[1] ->> '$' AS id,
    any_value(
        attributes_from(
            list_transform(
                list_zip(getvariable('order_attributes'), fields[3:]),
                LAMBDA field: coalesce(
                    as_text(field[2] ->> '$'), list_filter(meta_data, LAMBDA one: one.key = field[1])[1].value ->> '$'
                )
            )
        )
    ) AS attributes
FROM (
    SELECT
        filename,
        fields,
        from_json(fields[2], '[{"key": "VARCHAR", "value": "JSON"}]') AS meta_data
    FROM (
        SELECT
            filename,
            json_extract(json, list_concat(['id', 'meta_data'], getvariable('order_attributes'))) AS fields
        FROM read_json_objects(getvariable('raw') || '/orders/*.json', format = 'array', filename = TRUE)
        WHERE len(getvariable('order_attributes')) > 0
    ) AS orders
) AS pages
GROUP BY filename, fields[1] ->> '$';

CREATE TABLE storefront_products AS
SELECT
    id,
    arg_max(sku, filename) AS sku,
    from_html(arg_max("name", filename)) AS "name",
    from_html(arg_max(categories[1].name, filename)) AS category,
    max(date_modified_gmt) AS date_modified_gmt
FROM
    read_json(
        getvariable('raw') || '/products/*.json', format = 'array', filename = TRUE,
        columns = {
            id: 'VARCHAR', sku: 'VARCHAR', "name": 'VARCHAR', categories: 'STRUCT("name" VARCHAR)[]',
            date_modified_gmt: 'VARCHAR'
        }
    )
GROUP BY id;

CREATE TABLE storefront_refunds AS
SELECT
    * REPLACE (from_html(reason) AS reason),
    'refunds/' || parse_filename(filename) AS file,
    row_number() OVER (ORDER BY filename, id) AS row_number
FROM read_json(
    getvariable('raw') || '/refunds/*.json', format = 'array', filename = TRUE,
    columns = {
        id: 'VARCHAR', order_id: 'VARCHAR', date_created_gmt: 'VARCHAR', amount: 'VARCHAR', reason: 'VARCHAR',
        line_items: 'STRUCT(
      quantity VARCHAR, total VARCHAR, total_tax VARCHAR, meta_data JSON
    )[]',
        shipping_lines: 'STRUCT(total VARCHAR, total_tax VARCHAR)[]',
        fee_lines: 'STRUCT(total VARCHAR, total_tax VARCHAR)[]'
    }
);

CREATE OR REPLACE VIEW staged_orders AS
SELECT
    id AS order_id,
    row_number AS version,
    file,
    row_number,
    status,
    currency,
    coalesce(as_text(shipping.country), as_text(billing.country)) AS country_code,
    billing.email AS customer_email,
    nullif(unless_empty(customer_id), '0') AS customer_id,
    array_to_string(list_transform(coupon_lines, LAMBDA one: from_html(as_text(one.code))), ',') AS coupon_code,
    FALSE AS is_test,
    unless_empty(shipping_total) AS shipping_amount,
    CASE
        WHEN len(fee_discounts) > 0
            THEN total_of(
                ['0'] || list_filter(fee_amounts(fee_lines), LAMBDA one: NOT coalesce(as_amount(one) < 0, FALSE))
            )
        ELSE total_of(fee_amounts(fee_lines))
    END AS fee_amount,
    unless_empty(total_tax) AS tax_amount,
    gmt(date_created_gmt) AS ordered_at,
    gmt(date_modified_gmt) AS updated_at,
    getvariable('read_at') AS received_at,
    attributes
FROM storefront_orders
LEFT JOIN storefront_attributes USING (filename, id);

CREATE OR REPLACE VIEW staged_order_lines AS
WITH items AS (
    SELECT
        id AS order_id,
        row_number AS version,
        file,
        unnest(line_items) AS item,
        generate_subscripts(line_items, 1) AS position,
        -list_sum(list_transform(fee_discounts, LAMBDA one: as_amount(one))) AS fee_discount,
        CASE WHEN len(fee_discounts) > 0 THEN weights_of(line_items) END AS weights
    FROM storefront_orders
),

-- A column, because is_invalid names its argument a dozen times: DuckDB would plan the expression for each.
discounted AS (
    SELECT
        *,
        difference(item.subtotal, coalesce(item.total, '')) AS own_discount
    FROM items
)

SELECT
    items.order_id,
    items.version,
    item.id AS line_number,
    items.file || '#line_items' AS file,
    items.version * 1000000 + items.position AS row_number,
    coalesce(as_text(item.sku), stored.sku) AS sku,
    from_html(item.name) AS product_name,
    coalesce(as_text(products.category), stored.category) AS category,
    item.quantity,
    per_unit(as_amount(item.subtotal), as_amount(item.quantity)) AS unit_price,
    item.subtotal AS gross_amount,
    CASE
        WHEN fee_discount > 0 AND NOT is_invalid(own_discount)
            THEN (as_amount(own_discount)::DECIMAL(38, 4) + share_at(fee_discount, weights, items.position))::VARCHAR
        ELSE own_discount
    END AS discount_amount,
    unless_empty(item.total_tax) AS tax_amount,
    -- WooCommerce has 0 for a product without a cost.
    nullif(as_amount(item.cost_of_goods_sold ->> '$.value'), 0) AS cost_amount,
    NULL::TIMESTAMPTZ AS line_updated_at
FROM discounted AS items
LEFT JOIN storefront_products AS products ON item.product_id = products.id
LEFT JOIN read_parquet(getvariable('raw') || '/known_lines.parquet') AS stored
    ON items.order_id = stored.order_id AND item.id = stored.line_number::VARCHAR;

-- The share of `running_total`, the sum of the first parts of a refund, when its parts add up to `stated_total` but
-- only `amount` was paid: the parts are reduced in proportion. Rounding the running total instead of each part keeps
-- the sum exact. `stated_total` is positive where `is_reduced`; `running_total` is negative where a voucher line comes
-- first.
CREATE MACRO paid_share(running_total, amount, stated_total) AS
(2 * ten_thousandths(abs(running_total)) * ten_thousandths(amount) + ten_thousandths(stated_total))
// (2 * ten_thousandths(stated_total)) * 0.0001 * sign(running_total);

-- Splits a refund: the amounts of its lines are merchandise and tax, those of its shipping and fee lines are shipping,
-- and the remainder is unallocated. `amount` is what was paid back: if the lines add up to more, for example because
-- the shop keeps a part, they are reduced to it. A negative fee was a discount of the order: the refund, which takes it
-- back, has it as a positive one, and the returned lines are worth less by their shares in it.
CREATE OR REPLACE VIEW staged_refunds AS
WITH with_fees AS (
    SELECT
        *,
        list_transform(
            coalesce(line_items, []), LAMBDA one: ten_thousandths(greatest(coalesce(-as_amount(one.total), 0), 0))
        ) AS weights,
        coalesce(
            list_sum(list_transform(fee_lines, LAMBDA one: greatest(as_amount(one.total), 0::DECIMAL(18, 4)))), 0
        ) AS fee_discount
    FROM storefront_refunds
),

divided AS (
    SELECT
        *,
        fee_discount > 0 AND list_sum(weights) > 0 AS is_divided,
        list_concat(
            coalesce(shipping_lines, []),
            list_filter(
                coalesce(fee_lines, []), LAMBDA one: NOT (is_divided AND coalesce(as_amount(one.total) > 0, FALSE))
            )
        ) AS other_lines,
        list_transform(coalesce(line_items, []), LAMBDA one: negated(one.total)) AS line_totals,
        list_transform(
            range(1, len(line_totals) + 1),
            LAMBDA position: CASE WHEN is_divided THEN share_at(fee_discount, weights, position)::VARCHAR END
        ) AS shares
    FROM with_fees
),

reduced AS (
    SELECT
        *,
        CASE
            WHEN is_divided
                THEN list_transform(
                    range(1, len(shares) + 1), LAMBDA position: difference(line_totals[position], shares[position])
                )
            ELSE line_totals
        END AS merchandise
    FROM divided
),

parsed AS (
    SELECT
        *,
        list_transform(other_lines, LAMBDA one: negated(one.total)) AS shipping_amounts,
        -- Also of a fee that is divided.
        list_transform(
            coalesce(list_concat(shipping_lines, fee_lines), []), LAMBDA one: negated(one.total_tax)
        ) AS shipping_taxes,
        list_transform(
            range(1, len(merchandise) + 1),
            LAMBDA position: as_amount(merchandise[position])::DECIMAL(38, 4)
            - as_amount(coalesce(line_items[position].total_tax, '0'))
        ) AS line_amounts
    FROM reduced
),

summed AS (
    SELECT
        *,
        total_of(shipping_amounts) AS shipping_amount,
        total_of(shipping_taxes) AS shipping_tax,
        coalesce(list_sum(line_amounts), 0) AS lines_total
    FROM parsed
),

compared AS (
    SELECT
        *,
        lines_total + coalesce(as_amount(shipping_amount), 0) + coalesce(as_amount(shipping_tax), 0) AS stated_total,
        lines_total + coalesce(as_amount(shipping_amount), 0) AS before_shipping_tax,
        as_amount(amount) AS paid,
        paid BETWEEN 0 AND stated_total AND paid <> stated_total AS is_reduced
    FROM summed
),

-- Planned once for its two uses.
remainders AS MATERIALIZED (
    SELECT
        * REPLACE (
            CASE
                WHEN is_reduced AND NOT is_invalid(shipping_amount)
                    THEN (
                        paid_share(before_shipping_tax, paid, stated_total)
                        - paid_share(lines_total, paid, stated_total)
                    )::VARCHAR
                ELSE shipping_amount
            END AS shipping_amount,
            CASE
                WHEN is_reduced AND NOT is_invalid(shipping_tax)
                    THEN (paid - paid_share(before_shipping_tax, paid, stated_total))::VARCHAR
                ELSE shipping_tax
            END AS shipping_tax
        ),
        CASE
            WHEN amount IS NULL OR is_invalid(amount) OR paid < 0 THEN amount
            ELSE greatest(paid - stated_total, 0)::VARCHAR
        END AS unallocated_amount
    FROM compared
),

lines AS (
    SELECT
        id,
        order_id,
        file,
        row_number,
        reason,
        date_created_gmt,
        paid,
        stated_total,
        is_reduced,
        unnest(line_items) AS item,
        unnest(merchandise) AS merchandise_amount,
        unnest(
            list_transform(range(len(line_amounts)), LAMBDA position: coalesce(list_sum(line_amounts[:position]), 0))
        ) AS before
    FROM remainders
),

parts AS (
    SELECT
        *,
        negated(item.total_tax) AS tax_amount,
        before + as_amount(merchandise_amount) AS before_tax,
        before + as_amount(merchandise_amount) - coalesce(as_amount(item.total_tax), 0) AS until_tax
    FROM lines
)

SELECT
    id AS refund_id,
    order_id,
    -- PHP writes a list as an object where a plugin has removed an entry.
    as_text(
        list_filter(
            list_concat(item.meta_data -> '$[*]', item.meta_data -> '$.*'),
            LAMBDA one: one ->> '$.key' = '_refunded_item_id'
        )[1] ->> '$.value'
    ) AS line_number,
    file,
    row_number,
    negated(item.quantity) AS quantity,
    CASE
        WHEN is_reduced AND NOT is_invalid(merchandise_amount)
            THEN (paid_share(before_tax, paid, stated_total) - paid_share(before, paid, stated_total))::VARCHAR
        ELSE merchandise_amount
    END AS merchandise_amount,
    CASE
        WHEN is_reduced AND NOT is_invalid(tax_amount)
            THEN (paid_share(until_tax, paid, stated_total) - paid_share(before_tax, paid, stated_total))::VARCHAR
        ELSE tax_amount
    END AS tax_amount,
    NULL::VARCHAR AS shipping_amount,
    NULL::VARCHAR AS unallocated_amount,
    reason,
    gmt(date_created_gmt) AS refunded_at
FROM parts
UNION ALL
SELECT
    id,
    order_id,
    NULL,
    file,
    row_number,
    NULL,
    NULL,
    shipping_tax,
    shipping_amount,
    unallocated_amount,
    reason,
    gmt(date_created_gmt)
FROM remainders
WHERE
    len(coalesce(line_items, [])) = 0
    OR is_invalid(unallocated_amount) OR as_amount(unallocated_amount) <> 0
    OR is_invalid(shipping_amount) OR as_amount(shipping_amount) <> 0
    OR is_invalid(shipping_tax) OR as_amount(shipping_tax) <> 0
UNION ALL
SELECT
    refund_id,
    order_id,
    line_number::VARCHAR,
    'known_refunds',
    min(file_row_number) OVER (PARTITION BY refund_id),
    quantity::VARCHAR,
    merchandise_amount::VARCHAR,
    tax_amount::VARCHAR,
    shipping_amount::VARCHAR,
    NULL,
    reason,
    refunded_at::VARCHAR
FROM read_parquet(getvariable('raw') || '/known_refunds.parquet', file_row_number = TRUE);

-- The charges of the paid orders, in the newest version of each. Stripe states its fee in the currency of the shop's
-- account. The charge in that currency is net and fee, until a refund reduces the net: then the charge has the currency
-- of the order, in which the fee is not known.
CREATE TABLE storefront_charges AS
WITH newest AS (
    SELECT
        clean_id(id) AS order_id,
        file || '#payment' AS file,
        row_number,
        upper(as_text(currency)) AS currency,
        total,
        lower(as_text(payment_method)) AS gateway,
        gmt(date_paid_gmt) AS paid_at,
        payment_meta,
        len(coalesce(refunds, [])) > 0 OR status = 'refunded' AS is_refunded,
        list_filter(fee_names(gateway), LAMBDA name: fee_in(payment_meta, name) IS NOT NULL)[1] AS fee_name
    FROM storefront_orders
    WHERE as_text(date_paid_gmt) IS NOT NULL AND status IS DISTINCT FROM 'sub-order'
    QUALIFY row_number() OVER (PARTITION BY clean_id(id) ORDER BY filename DESC, row_number DESC) = 1
),

with_fees AS (
    SELECT
        *,
        fee_in(payment_meta, fee_name) AS fee,
        upper(
            coalesce(
                CASE
                    WHEN fee_name = '_stripe_fee' THEN as_text(meta_value(payment_meta, '_stripe_currency') ->> '$')
                    WHEN fee_name = '_ppcp_paypal_fees'
                        THEN as_text(paypal_fee(meta_value(payment_meta, fee_name), 'currency_code'))
                END,
                currency
            )
        ) AS fee_currency,
        CASE
            WHEN
                fee_name = '_stripe_fee' AND fee_currency <> currency AND NOT is_refunded
                AND currency_fault(fee_currency, '') IS NULL
                THEN as_fee(meta_value(payment_meta, '_stripe_net') ->> '$') + fee
        END AS settled_amount
    FROM newest
    -- A free order moves no money.
    WHERE NOT coalesce(as_amount(total) = 0, FALSE)
)

SELECT
    order_id,
    file,
    row_number,
    gateway,
    currency AS order_currency,
    total AS order_amount,
    CASE WHEN settled_amount IS NULL THEN currency ELSE fee_currency END AS currency,
    coalesce(settled_amount::VARCHAR, total) AS amount,
    CASE WHEN fee_currency = currency OR settled_amount IS NOT NULL THEN fee END AS fee_amount,
    coalesce(
        meta_value(payment_meta, '_wcpay_mode') ->> '$' = 'test'
        OR meta_value(payment_meta, '_ppcp_paypal_payment_mode') ->> '$' = 'sandbox',
        FALSE
    ) AS is_test,
    paid_at
FROM with_fees;

-- Refunds of paid orders, with tax and shipping. One that WooCommerce did not send to the provider counts too: shops
-- also refund there, or by bank transfer. The fee of the order includes that of its refunds.
CREATE TABLE storefront_payments AS
WITH refunds AS (
    SELECT
        id,
        clean_id(order_id) AS order_id,
        file,
        row_number,
        as_amount(amount) AS amount,
        gmt(date_created_gmt) AS refunded_at
    FROM storefront_refunds
    WHERE NOT coalesce(is_invalid(amount), FALSE)
    UNION ALL
    SELECT
        refund_id,
        order_id,
        'known_refunds',
        min(file_row_number),
        sum(coalesce(merchandise_amount, 0) + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0))::DECIMAL(18, 4),
        any_value(refunded_at)::VARCHAR
    FROM read_parquet(getvariable('raw') || '/known_refunds.parquet', file_row_number = TRUE)
    GROUP BY refund_id, order_id
)

SELECT
    order_id AS payment_id,
    order_id,
    file,
    row_number,
    'charge' AS kind,
    gateway,
    currency,
    amount,
    fee_amount::VARCHAR AS fee_amount,
    order_currency,
    order_amount,
    NULL::VARCHAR AS payout_id,
    is_test,
    paid_at AS processed_at,
    NULL::TIMESTAMPTZ AS received_at
FROM storefront_charges
UNION ALL
SELECT
    'refund-' || refunds.id,
    charges.order_id,
    refunds.file || '#payment',
    refunds.row_number,
    'refund',
    charges.gateway,
    charges.order_currency AS currency,
    (-refunds.amount)::VARCHAR,
    CASE WHEN charges.fee_amount IS NOT NULL THEN '0' END,
    charges.order_currency,
    (-refunds.amount)::VARCHAR,
    NULL,
    charges.is_test,
    refunds.refunded_at,
    NULL
FROM refunds
INNER JOIN storefront_charges AS charges USING (order_id)
WHERE refunds.amount > 0;

CREATE OR REPLACE VIEW staged_payments AS
FROM storefront_payments;

CREATE OR REPLACE VIEW staged_removals AS
SELECT
    order_id,
    getvariable('read_at') AS removed_at
FROM read_parquet(getvariable('raw') || '/removed_orders.parquet');

CREATE OR REPLACE VIEW staged_products AS
SELECT
    as_text(sku) AS sku,
    "name",
    category,
    gmt(date_modified_gmt) AS updated_at
FROM storefront_products;

-- Reads two columns: with a single column, DuckDB keeps a 32 MB buffer for every page.
CREATE VIEW staged_rows_read AS
SELECT coalesce(sum(records), 0)::BIGINT AS rows_read
FROM (
    SELECT 1 + coalesce(json_array_length(line_items), 0) AS records
    FROM
        read_json(
            getvariable('raw') || '/orders/*.json', format = 'array',
            columns = { id: 'VARCHAR', line_items: 'JSON' }
        )
    UNION ALL
    SELECT 1 AS records
    FROM
        read_json(
            getvariable('raw') || '/refunds/*.json', format = 'array',
            columns = { id: 'VARCHAR', order_id: 'VARCHAR' }
        )
    UNION ALL
    SELECT count(DISTINCT refund_id) AS records
    FROM read_parquet(getvariable('raw') || '/known_refunds.parquet')
    UNION ALL
    SELECT count(*) AS records
    FROM storefront_payments
) AS records;
