-- An amount that a source paid back without a line is taken, refund after refund, from what is left of the order's
-- merchandise, then of its tax, then of its shipping and fees. The excess over all three is merchandise, and so is the
-- whole amount where the order is not known.
--
-- Taken up to a refund = the most that any refund up to it could reach, which is the smaller of what had been paid by
-- then and what the lines of the refunds had left by then. A refund whose lines are negative leaves no more to take.

CREATE VIEW allocated_refunds AS
WITH paid AS (
    SELECT
        order_id,
        refund_id,
        sum(unallocated_amount) AS amount,
        greatest(sum(merchandise_amount), 0) AS merchandise,
        greatest(sum(tax_amount), 0) AS tax,
        greatest(sum(shipping_amount), 0) AS shipping
    FROM typed_refunds
    WHERE is_accepted
    GROUP BY order_id, refund_id
),

so_far AS (
    SELECT
        paid.order_id,
        paid.refund_id,
        paid.amount,
        sum(paid.amount) OVER in_order AS paid_so_far,
        refunded_orders.merchandise_amount - sum(paid.merchandise) OVER in_order AS merchandise_left,
        refunded_orders.tax_amount - sum(paid.tax) OVER in_order AS tax_left,
        refunded_orders.shipping_amount - sum(paid.shipping) OVER in_order AS shipping_left
    FROM paid
    LEFT JOIN refunded_orders USING (order_id)
    WINDOW in_order AS (PARTITION BY paid.order_id ORDER BY try_cast(paid.refund_id AS HUGEINT), paid.refund_id)
),

from_merchandise AS (
    SELECT
        *,
        greatest(0, max(least(paid_so_far, merchandise_left)) OVER in_order) AS merchandise_so_far
    FROM so_far
    WINDOW in_order AS (PARTITION BY order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
),

from_tax AS (
    SELECT
        *,
        greatest(0, max(least(paid_so_far - merchandise_so_far, tax_left)) OVER in_order) AS tax_so_far
    FROM from_merchandise
    WINDOW in_order AS (PARTITION BY order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
),

from_shipping AS (
    SELECT
        *,
        greatest(0, max(least(paid_so_far - merchandise_so_far - tax_so_far, shipping_left)) OVER in_order)
            AS shipping_so_far
    FROM from_tax
    WINDOW in_order AS (PARTITION BY order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
),

steps AS (
    SELECT
        order_id,
        refund_id,
        amount,
        tax_so_far - lag(tax_so_far, 1, 0) OVER in_order AS tax_amount,
        shipping_so_far - lag(shipping_so_far, 1, 0) OVER in_order AS shipping_amount
    FROM from_shipping
    WINDOW in_order AS (PARTITION BY order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
)

SELECT
    order_id,
    refund_id,
    amount - tax_amount - shipping_amount AS merchandise_amount,
    tax_amount,
    shipping_amount
FROM steps
WHERE amount > 0;
