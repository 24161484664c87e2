-- Loadable: amounts by file and currency as reported by the source (`source_amounts` of the extract), and how much of
-- them was loaded, superseded and rejected. Empty if the extract reports none. Amounts beyond the limits of values.sql
-- are excluded on both sides. A source with headers counts the newest version of an order, a file everything it
-- contains.

CREATE MACRO sum_of(amount, outcome, wanted) AS coalesce(
    try_cast(sum(amount) FILTER (outcome = wanted) AS DECIMAL(18, 4)), 0
);

CREATE VIEW left_out_lines AS
SELECT
    source,
    order_id,
    version,
    file,
    currency,
    amount,
    'rejected' AS outcome
FROM rejected_lines
UNION ALL
SELECT
    source,
    order_id,
    version,
    file,
    currency,
    amount,
    'superseded' AS outcome
FROM repeated_lines
ANTI JOIN left_out_versions USING (order_id, version)
ANTI JOIN line_verdicts USING (order_id, version)
WHERE is_superseded;

CREATE VIEW rejected_newest AS
SELECT
    source,
    order_id,
    max(version) AS version
FROM staged_orders
SEMI JOIN rejected_orders USING (source, order_id)
WHERE getvariable('headers_are_records')
GROUP BY source, order_id;

WITH comparable AS (
    SELECT
        source::source_name AS source,
        control_totals
    FROM sources
    WHERE (control_totals::JSON -> 'source_amounts') IS NOT NULL
),

amounts AS (
    SELECT
        source,
        one.file,
        one.currency,
        'source' AS outcome,
        try_cast(one.amount AS DECIMAL(38, 4)) AS amount
    FROM (
        SELECT
            source,
            unnest(
                from_json(
                    control_totals::JSON -> 'source_amounts',
                    '[{"file": "VARCHAR", "currency": "VARCHAR", "amount": "VARCHAR"}]'
                )
            ) AS one
        FROM comparable
    ) AS stated
    UNION ALL
    -- Amounts of records that the extract rejected.
    SELECT
        source,
        one.file,
        one.currency,
        'rejected' AS outcome,
        try_cast(one.amount AS DECIMAL(38, 4)) AS amount
    FROM (
        SELECT
            source,
            unnest(
                from_json(
                    control_totals::JSON -> 'rejected_amounts',
                    '[{"file": "VARCHAR", "currency": "VARCHAR", "amount": "VARCHAR"}]'
                )
            ) AS one
        FROM comparable
    ) AS unread
    UNION ALL
    SELECT
        source,
        file,
        currency,
        'rejected' AS outcome,
        amount
    FROM with_source('staged_rejected_amounts')
    UNION ALL
    SELECT
        left_out_lines.source,
        left_out_lines.file,
        coalesce(left_out_lines.currency, upper(as_text(headers.currency))) AS currency,
        left_out_lines.outcome,
        left_out_lines.amount
    FROM left_out_lines
    -- A line without an order has no currency and is not counted.
    INNER JOIN (
        FROM staged_orders
        SEMI JOIN left_out_lines USING (order_id, version)
    ) AS headers USING (order_id, version)
    LEFT JOIN rejected_newest AS newest
        ON left_out_lines.source = newest.source AND left_out_lines.order_id = newest.order_id
    WHERE coalesce(newest.version = left_out_lines.version, TRUE)
    UNION ALL
    SELECT
        typed_lines.source,
        typed_lines.file,
        coalesce(typed_lines.currency, upper(as_text(staged_orders.currency))) AS currency,
        'superseded' AS outcome,
        amount_of_line(
            typed_lines.is_stated, typed_lines.quantity, typed_lines.unit_price, typed_lines.gross_amount
        ) AS amount
    FROM typed_lines
    SEMI JOIN superseded_orders USING (order_id, version)
    INNER JOIN staged_orders USING (order_id, version)
    WHERE typed_lines.fault IS NULL AND NOT getvariable('headers_are_records')
    UNION ALL
    -- An older version that is loaded because the newest one, which the source counts, is rejected.
    SELECT
        source::source_name,
        NULL AS file,
        currency,
        'superseded' AS outcome,
        -gross_amount AS amount
    FROM written_order_lines
    SEMI JOIN (
        FROM rejected_orders
        SEMI JOIN rejected_newest USING (order_id, version)
    ) AS broken USING (source, order_id)
    UNION ALL
    SELECT
        source::source_name,
        NULL AS file,
        currency,
        'loaded' AS outcome,
        sum(gross_amount) AS amount
    FROM written_orders
    WHERE getvariable('headers_are_records')
    GROUP BY source, currency
    UNION ALL
    -- Where lines have their own currency, the order has that of one of them.
    SELECT
        typed_lines.source,
        typed_lines.file,
        typed_lines.currency,
        'loaded' AS outcome,
        typed_lines.gross_amount AS amount
    FROM typed_lines
    ANTI JOIN repeated_lines USING (source, file, row_number)
    ANTI JOIN left_out_versions USING (order_id, version)
    SEMI JOIN written_orders AS orders USING (source, order_id)
    WHERE typed_lines.fault IS NULL AND NOT getvariable('headers_are_records')
    UNION ALL
    -- Stored orders are in no file, and the load counts them with the others.
    SELECT
        source::source_name,
        NULL AS file,
        currency,
        unnest(['source', 'loaded']) AS outcome,
        gross_amount AS amount
    FROM kept_order_lines
    ANTI JOIN superseded_kept_orders USING (source, order_id)
)

SELECT
    getvariable('business_date') AS business_date,
    source::VARCHAR AS source,
    getvariable('run_id') AS run_id,
    CASE WHEN getvariable('files_are_deliveries') THEN file END AS file,
    CASE WHEN regexp_full_match(currency, '[A-Z]{3}') THEN currency ELSE '' END AS currency,
    sum_of(amount, outcome, 'source') AS source_amount,
    sum_of(amount, outcome, 'loaded') AS loaded_amount,
    sum_of(amount, outcome, 'superseded') AS superseded_amount,
    sum_of(amount, outcome, 'rejected') AS rejected_amount,
    read_at_of(source) AS read_at
FROM amounts
SEMI JOIN comparable USING (source)
GROUP BY ALL
HAVING sum(abs(amount)) > 0;
