-- Loadable: one row per order with the sums of its accepted lines. Orders without lines are kept. Stored orders without
-- a newer version in this read stay as they are.
-- noqa: disable=convention.statement_brackets

-- As `source_name` in staged.sql.
CREATE TYPE run_name AS ENUM (
    SELECT getvariable('run_id')
    UNION
    SELECT run_id FROM kept_orders
    UNION
    SELECT run_id FROM kept_order_lines
);

SELECT
    typed_orders.source,
    typed_orders.order_id,
    business_date_of(typed_orders.ordered_at) AS business_date,
    typed_orders.channel,
    typed_orders.attributes,
    typed_orders.status,
    coalesce(order_status.is_sale, FALSE) AS is_sale,
    typed_orders.is_test,
    typed_orders.currency,
    typed_orders.country_code,
    customer_hashes.customer_hash,
    typed_orders.coupon_code,
    coalesce(order_totals.item_count, 0)::BIGINT AS item_count,
    coalesce(order_totals.gross_amount, 0)::DECIMAL(18, 4) AS gross_amount,
    coalesce(order_totals.discount_amount, 0)::DECIMAL(18, 4) AS discount_amount,
    (coalesce(typed_orders.tax_amount, order_totals.tax_amount, 0) + typed_orders.shipping_tax_amount)::DECIMAL(18, 4)
        AS tax_amount,
    typed_orders.shipping_amount::DECIMAL(18, 4) AS shipping_amount,
    typed_orders.fee_amount::DECIMAL(18, 4) AS fee_amount,
    typed_orders.ordered_at,
    typed_orders.updated_at,
    typed_orders.received_at AS read_at,
    getvariable('run_id')::run_name AS run_id
FROM typed_orders
LEFT JOIN order_totals USING (order_id, version)
LEFT JOIN order_status USING (status)
LEFT JOIN customer_hashes USING (source, customer_key)
ANTI JOIN left_out_versions USING (order_id, version)
-- Every other invalid order is left out by its id.
WHERE typed_orders.order_id IS NOT NULL AND (getvariable('headers_are_records') OR order_totals.item_count > 0)
UNION ALL BY NAME
SELECT * REPLACE (source::source_name AS source, run_id::run_name AS run_id)
FROM kept_orders
ANTI JOIN superseded_kept_orders USING (source, order_id);
