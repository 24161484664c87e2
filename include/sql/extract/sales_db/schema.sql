-- The shop's tables under the names and with the columns that every other query of this folder reads. With another
-- schema, edit this file alone: give each column its name here, as in `SELECT nr AS order_id, … FROM kopf`
-- (docs/RECIPES.md, Another schema). Columns that are not named below do no harm, and orders.sql may pass them on.
--
--   orders       order_id, customer_id, status, currency, shipping_country, shipping_amount, coupon_code, is_test,
--                ordered_at, updated_at
--   order_items  order_id, line_number, sku, quantity, unit_price, discount_amount, tax_amount
--   refunds      refund_id, order_id, line_number, quantity, amount, reason, refunded_at, updated_at
--   products     sku, name, category, updated_at
--   customers    customer_id, email, country_code, updated_at
--   known_orders order_id, of the same type as that of orders; %%(known_orders)s is text[]
--
-- Instants are timestamptz, amounts numeric. Let an order_id have the type that it has in the tables: a cast in front of
-- it, as of any column that is searched by, needs an index of its own.
--
-- The pipeline puts this text and selection.sql before each query of an extract. A name here hides the table of that
-- name in what follows, not inside its own brackets. NOT MATERIALIZED lets PostgreSQL plan each query as if it had been
-- written out, with the indexes of the tables.
WITH
orders AS NOT MATERIALIZED (SELECT * FROM orders),
order_items AS NOT MATERIALIZED (SELECT * FROM order_items),
refunds AS NOT MATERIALIZED (SELECT * FROM refunds),
products AS NOT MATERIALIZED (SELECT * FROM products),
customers AS NOT MATERIALIZED (SELECT * FROM customers),
known_orders AS NOT MATERIALIZED (SELECT unnest(%(known_orders)s::text[]) AS order_id),

