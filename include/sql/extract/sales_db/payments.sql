-- One row per movement of money; fee_amount is NULL where it is not known. A payout that is read is read with all of its
-- payments.
SELECT
    payment_id,
    order_id,
    kind,
    gateway,
    currency,
    amount,
    fee_amount,
    payout_id,
    is_test,
    processed_at,
    updated_at
FROM read_payments
