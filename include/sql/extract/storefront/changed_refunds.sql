-- Orders whose refunds are not those that the warehouse has (known_refunds), with the ids of their refunds. The warehouse
-- spreads a refund over its lines, and over merchandise, tax and shipping: the sum is the amount with tax.
CREATE TABLE changed_refunds AS
SELECT order_id, list(stubs.refund_id) FILTER (stubs.refund_id IS NOT NULL) AS refund_ids
FROM refund_stubs AS stubs
FULL JOIN (
  SELECT
    order_id, refund_id,
    sum(coalesce(merchandise_amount, 0) + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0)) AS amount
  FROM known_refunds
  GROUP BY order_id, refund_id
) AS known USING (order_id, refund_id)
GROUP BY order_id
HAVING NOT bool_and(coalesce(stubs.amount = known.amount, FALSE));
