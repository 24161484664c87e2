-- One row per payout, with the amount that reaches the bank.
SELECT
    payout_id,
    issued_on,
    status,
    currency,
    amount,
    external_reference,
    updated_at
FROM read_payouts
