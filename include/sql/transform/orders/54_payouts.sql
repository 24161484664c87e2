-- Loadable: one row per payout, as its source states it; of a repeated one the later counts.

CREATE TABLE typed_payouts AS
WITH cast_payouts AS (
    SELECT
        source,
        file,
        row_number,
        payout_id,
        try_cast(issued_on AS DATE) AS issued_on,
        coalesce(mask_e_mails(lower(as_text(staged_payouts.status))), 'unknown') AS status,
        upper(as_text(currency)) AS currency,
        as_amount(amount) AS amount,
        as_amount(charges) AS charges,
        as_amount(refunds) AS refunds,
        as_amount(fees) AS fees,
        as_amount(adjustments) AS adjustments,
        mask_e_mails(as_text(external_reference)) AS external_reference,
        coalesce(received_at, read_at_of(source)) AS read_at,
        coalesce(
            missing(nullif(payout_id, ''), 'payout_id'),
            missing(issued_on, 'issued_on'),
            CASE WHEN try_cast(issued_on AS DATE) IS NULL THEN 'invalid_timestamp issued_on' END,
            -- A payout may be announced.
            CASE
                WHEN try_cast(issued_on AS DATE) NOT BETWEEN DATE '2000-01-01' AND read_at_of(source)::DATE + 366
                    THEN 'timestamp_out_of_range issued_on'
            END,
            missing(as_text(currency), 'currency'),
            currency_fault(currency, 'currency'),
            missing(amount, 'amount'),
            amount_fault(amount, 'amount'),
            amount_fault(charges, 'charges'),
            amount_fault(refunds, 'refunds'),
            amount_fault(fees, 'fees'),
            amount_fault(adjustments, 'adjustments')
        ) AS fault,
        to_json(struct_pack(*COLUMNS(* EXCLUDE (source)))) AS raw
    FROM (
        SELECT bounded(COLUMNS(*))
        FROM staged_payouts
    ) AS staged_payouts
)

SELECT
    *,
    fault IS NULL AND row_number() OVER (
        PARTITION BY source, payout_id ORDER BY fault IS NOT NULL, read_at DESC, file DESC, row_number DESC
    ) = 1 AS is_accepted
FROM cast_payouts;

SELECT
    source::VARCHAR AS source,
    payout_id,
    issued_on,
    status,
    currency,
    amount,
    charges,
    refunds,
    fees,
    adjustments,
    external_reference,
    read_at,
    getvariable('run_id') AS run_id
FROM typed_payouts
WHERE is_accepted;
