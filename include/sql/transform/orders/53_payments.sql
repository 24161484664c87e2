-- Loadable: one row per movement of money. Of a repeated payment the later one counts. A fee that is not known is NULL.

CREATE TABLE typed_payments AS
WITH cast_payments AS (
    SELECT
        source,
        file,
        row_number,
        payment_id,
        order_id,
        CASE
            WHEN kind IN ('charge', 'refund', 'chargeback', 'chargeback_reversal', 'adjustment', 'commission')
                THEN kind
            ELSE 'other'
        END AS kind,
        mask_e_mails(lower(as_text(gateway))) AS gateway,
        upper(as_text(currency)) AS currency,
        as_amount(amount) AS amount,
        coalesce(
            as_amount(fee_amount),
            CASE WHEN list_contains(getvariable('gateways_without_fees'), lower(as_text(gateway))) THEN 0 END
        ) AS fee_amount,
        upper(as_text(order_currency)) AS order_currency,
        as_amount(order_amount) AS order_amount,
        nullif(payout_id, '') AS payout_id,
        coalesce(try_cast(is_test AS BOOLEAN), FALSE) AS is_test,
        as_instant(processed_at) AS processed_at,
        coalesce(received_at, read_at_of(source)) AS read_at,
        coalesce(
            missing(nullif(payment_id, ''), 'payment_id'),
            lookup_fault(order_id, 'order_id'),
            missing(processed_at, 'processed_at'),
            instant_fault_by(processed_at, 'processed_at', read_at_of(source)),
            missing(as_text(currency), 'currency'),
            currency_fault(currency, 'currency'),
            missing(amount, 'amount'),
            amount_fault(amount, 'amount'),
            amount_fault(fee_amount, 'fee_amount'),
            currency_fault(order_currency, 'order_currency'),
            amount_fault(order_amount, 'order_amount')
        ) AS fault,
        to_json(struct_pack(*COLUMNS(* EXCLUDE (source)))) AS raw
    FROM (
        SELECT bounded(COLUMNS(*))
        FROM staged_payments
    ) AS staged_payments
)

SELECT
    *,
    fault IS NULL AND row_number() OVER (
        PARTITION BY source, payment_id ORDER BY fault IS NOT NULL, read_at DESC, file DESC, row_number DESC
    ) = 1 AS is_accepted
FROM cast_payments;

SELECT
    source::VARCHAR AS source,
    payment_id,
    business_date_of(processed_at) AS business_date,
    order_id,
    kind,
    gateway,
    currency,
    amount,
    fee_amount,
    difference_of(amount, fee_amount) AS net_amount,
    order_currency,
    order_amount,
    payout_id,
    is_test,
    processed_at,
    CASE WHEN fee_amount IS NOT NULL THEN read_at END AS fee_read_at,
    read_at,
    getvariable('run_id') AS run_id
FROM typed_payments
WHERE is_accepted;
