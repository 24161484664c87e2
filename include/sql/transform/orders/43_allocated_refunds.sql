-- Allocates refunded amounts without a line: refund by refund, to the remaining merchandise of the order, then to its
-- tax, then to its shipping and fees. The excess counts as merchandise, as does the whole amount when the order is
-- unknown.
--
-- Allocated up to a refund = the maximum, over all refunds up to it, of the smaller of the amount paid by then and the
-- amount that the lines of the refunds left by then. A refund with negative lines does not increase the remainder.

CREATE VIEW allocated_refunds AS
WITH refund_sums AS (
    SELECT
        source,
        order_id,
        refund_id,
        sum(unallocated_amount) AS amount,
        greatest(sum(merchandise_amount), 0) AS merchandise,
        greatest(sum(tax_amount), 0) AS tax,
        greatest(sum(shipping_amount), 0) AS shipping
    FROM typed_refunds
    WHERE is_accepted
    GROUP BY source, order_id, refund_id
),

running_sums AS (
    SELECT
        refund_sums.source,
        refund_sums.order_id,
        refund_sums.refund_id,
        refund_sums.amount,
        sum(refund_sums.amount) OVER in_order AS paid_so_far,
        refunded_orders.merchandise_amount - sum(refund_sums.merchandise) OVER in_order AS merchandise_left,
        refunded_orders.tax_amount - sum(refund_sums.tax) OVER in_order AS tax_left,
        refunded_orders.shipping_amount - sum(refund_sums.shipping) OVER in_order AS shipping_left
    FROM refund_sums
    LEFT JOIN refunded_orders USING (source, order_id)
    WINDOW in_order AS (
        PARTITION BY refund_sums.source, refund_sums.order_id
        ORDER BY try_cast(refund_sums.refund_id AS HUGEINT), refund_sums.refund_id
    )
),

from_merchandise AS (
    SELECT
        *,
        greatest(0, max(least(paid_so_far, merchandise_left)) OVER in_order) AS merchandise_so_far
    FROM running_sums
    WINDOW in_order AS (PARTITION BY source, order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
),

from_tax AS (
    SELECT
        *,
        greatest(0, max(least(paid_so_far - merchandise_so_far, tax_left)) OVER in_order) AS tax_so_far
    FROM from_merchandise
    WINDOW in_order AS (PARTITION BY source, order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
),

from_shipping AS (
    SELECT
        *,
        greatest(0, max(least(paid_so_far - merchandise_so_far - tax_so_far, shipping_left)) OVER in_order)
            AS shipping_so_far
    FROM from_tax
    WINDOW in_order AS (PARTITION BY source, order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
),

allocated AS (
    SELECT
        source,
        order_id,
        refund_id,
        amount,
        tax_so_far - lag(tax_so_far, 1, 0) OVER in_order AS tax_amount,
        shipping_so_far - lag(shipping_so_far, 1, 0) OVER in_order AS shipping_amount
    FROM from_shipping
    WINDOW in_order AS (PARTITION BY source, order_id ORDER BY try_cast(refund_id AS HUGEINT), refund_id)
)

SELECT
    source,
    order_id,
    refund_id,
    amount - tax_amount - shipping_amount AS merchandise_amount,
    tax_amount,
    shipping_amount
FROM allocated
WHERE amount > 0;
