-- DuckDB, after transform/values.sql: each settlement of the start of a file, with the sum of each kind of its rows, and the
-- first row that would be rejected.
WITH judged AS (
    SELECT
        *,
        coalesce(
            missing(settlement_id, 'settlement_id'),
            lookup_fault(clean_id(order_id), 'order_id'),
            missing(currency, 'currency'),
            currency_fault(currency, 'currency'),
            CASE WHEN NOT is_deposit THEN missing(amount, 'amount') END,
            amount_fault(amount, 'amount'),
            amount_fault(fee_amount, 'fee_amount'),
            amount_fault(deposit_amount, 'deposit_amount'),
            CASE
                WHEN deposited_on IS NOT NULL AND try_cast(deposited_on AS DATE) IS NULL
                    THEN 'invalid_timestamp deposited_on'
            END,
            CASE
                WHEN NOT is_deposit AND as_instant(posted_at) IS NULL THEN 'invalid_timestamp posted_at'
            END
        ) AS fault
    FROM settlement_rows
),

kinds AS (
    SELECT
        settlement_id,
        kind,
        count(*) AS records,
        sum(as_amount(amount)) AS amount
    FROM judged
    WHERE fault IS NULL AND NOT is_deposit
    GROUP BY settlement_id, kind
)

SELECT
    'ok' AS state,
    concat_ws(
        ', ',
        'settlement ' || safe_id(settlement_id) || ': ' || any_value(as_amount(deposit_amount)) || ' ' || any_value(currency),
        any_value(try_cast(deposited_on AS DATE)),
        (
            SELECT string_agg(kinds.kind || ' ' || kinds.amount || ' (' || kinds.records || ')', ', ' ORDER BY kinds.kind)
            FROM kinds
            WHERE kinds.settlement_id = judged.settlement_id
        )
    ) AS text
FROM judged
WHERE settlement_id IS NOT NULL
GROUP BY settlement_id
UNION ALL
SELECT
    'hint' AS state,
    count(*) || ' of the lines read would be rejected, the first is line ' || min(row_number) || ': '
    || arg_min(fault, row_number)
FROM judged
WHERE fault IS NOT NULL
HAVING count(*) > 0
ORDER BY state DESC, text
