-- Maps the shop's tables to the names and columns that all other queries in this folder use. For another schema, edit
-- only this file: rename the columns here, as in `SELECT nr AS order_id, … FROM kopf` (docs/RECIPES.md, Another
-- schema). Additional columns are allowed, and orders.sql may select them.
--
--   orders       order_id, customer_id, status, currency, shipping_country, shipping_amount, coupon_code, is_test,
--                ordered_at, updated_at
--   order_items  order_id, line_number, sku, quantity, unit_price, discount_amount, tax_amount; unit_cost (optional)
--   refunds      refund_id, order_id, line_number, quantity, amount, reason, refunded_at, updated_at
--   products     sku, name, category, updated_at; unit_cost (optional, in the reporting currency)
--   customers    customer_id, email, country_code, updated_at
--   payments     payment_id, order_id, kind, gateway, currency, amount, fee_amount, payout_id, is_test, processed_at,
--                updated_at
--   payouts      payout_id, issued_on, status, currency, amount, external_reference, updated_at
--   known_orders order_id, of the same type as that of orders; the parameter is text[]
--
-- Instants are timestamptz, amounts numeric. Do not cast order_id or another column of a search condition: a cast needs
-- its own index.
--
-- The pipeline prepends this file and selection.sql to every query of an extract. A name defined here hides the table
-- of the same name in the queries, but not within its own parentheses. NOT MATERIALIZED lets PostgreSQL inline the
-- views and use the indexes of the tables.
WITH
orders AS NOT MATERIALIZED (SELECT * FROM orders),
order_items AS NOT MATERIALIZED (SELECT * FROM order_items),
refunds AS NOT MATERIALIZED (SELECT * FROM refunds),
products AS NOT MATERIALIZED (SELECT * FROM products),
customers AS NOT MATERIALIZED (SELECT * FROM customers),
-- Without rows, because few shops have these tables: replace each by `SELECT … FROM` yours. The columns are described in
-- include/sql/transform/orders/staged_columns.md; what the shop pays is negative, and an unknown fee is NULL.
payments AS NOT MATERIALIZED (
    SELECT
        NULL::text AS payment_id,
        NULL::text AS order_id,
        NULL::text AS kind,
        NULL::text AS gateway,
        NULL::text AS currency,
        NULL::numeric(18, 4) AS amount,
        NULL::numeric(18, 4) AS fee_amount,
        NULL::text AS payout_id,
        FALSE AS is_test,
        NULL::timestamptz AS processed_at,
        NULL::timestamptz AS updated_at
    WHERE FALSE
),
payouts AS NOT MATERIALIZED (
    SELECT
        NULL::text AS payout_id,
        NULL::date AS issued_on,
        NULL::text AS status,
        NULL::text AS currency,
        NULL::numeric(18, 4) AS amount,
        NULL::text AS external_reference,
        NULL::timestamptz AS updated_at
    WHERE FALSE
),
known_orders AS NOT MATERIALIZED (SELECT unnest(%(known_orders)s::text[]) AS order_id),

