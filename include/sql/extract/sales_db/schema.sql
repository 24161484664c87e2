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
known_orders AS NOT MATERIALIZED (SELECT unnest(%(known_orders)s::text[]) AS order_id),

