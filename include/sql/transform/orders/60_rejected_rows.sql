-- Loadable: every rejected record with its reason. The stored text helps to find the original; known personal columns
-- are removed, and anything like an e-mail address is masked.

-- TRUE: the orders contain every valid line, so none is of an unknown, rejected or superseded order.
SET VARIABLE all_lines_are_loaded = coalesce((SELECT sum(item_count) FROM order_totals), 0)
= coalesce((SELECT sum(item_count) FROM written_orders), 0);

CREATE TABLE line_verdicts AS
SELECT
    order_id,
    version,
    fault
FROM rejected_orders
UNION ALL
SELECT
    line_sums.order_id,
    line_sums.version,
    'unknown_order order_id' AS fault
FROM line_sums
ANTI JOIN staged_orders USING (order_id, version)
WHERE NOT getvariable('all_lines_are_loaded');

-- A list that changes while it is read may contain an order several times: only the lines of the last version are
-- rejected.
CREATE VIEW repeated_headers AS
SELECT
    order_id,
    version
FROM superseded_orders
WHERE getvariable('headers_are_records');

CREATE TABLE rejected_lines AS
SELECT
    source,
    order_id,
    version,
    file,
    row_number,
    currency,
    amount,
    fault
FROM faulty_lines
ANTI JOIN repeated_headers USING (order_id, version)
UNION ALL
SELECT
    typed_lines.source,
    order_id,
    version,
    typed_lines.file,
    typed_lines.row_number,
    typed_lines.currency,
    amount_of_line(typed_lines.is_stated, typed_lines.quantity, typed_lines.unit_price, typed_lines.gross_amount),
    CASE
        WHEN line_verdicts.fault LIKE 'undated_draft %' THEN 'undated_draft order_id'
        WHEN line_verdicts.fault LIKE 'unknown_order %' THEN 'unknown_order order_id'
        ELSE 'order_rejected order_id'
    END
FROM typed_lines
INNER JOIN line_verdicts USING (order_id, version)
WHERE typed_lines.fault IS NULL
UNION ALL
SELECT
    source,
    order_id,
    version,
    file,
    row_number,
    currency,
    amount,
    'duplicate_line line_number'
FROM repeated_lines
ANTI JOIN left_out_versions USING (order_id, version)
ANTI JOIN line_verdicts USING (order_id, version)
WHERE NOT is_superseded;

WITH faulty AS (
    SELECT
        source,
        file,
        row_number,
        records.order_id,
        rejected_orders.fault,
        to_json(records.record) AS raw
    FROM (
        SELECT
            source,
            file,
            row_number,
            order_id,
            struct_pack(*COLUMNS(* EXCLUDE (source) REPLACE (number_of_version(version) AS version))) AS record
        FROM (
            SELECT bounded(COLUMNS(*))
            FROM staged_orders
            SEMI JOIN rejected_orders AS wanted USING (source, file, row_number)
            WHERE getvariable('headers_are_records')
        ) AS headers
    ) AS records
    INNER JOIN rejected_orders USING (source, file, row_number)
    UNION ALL
    SELECT
        source,
        file,
        row_number,
        records.order_id,
        rejected_lines.fault,
        to_json(records.record)
    FROM (
        SELECT
            source,
            file,
            row_number,
            order_id,
            struct_pack(*COLUMNS(* EXCLUDE (source) REPLACE (number_of_version(version) AS version))) AS record
        FROM (
            SELECT bounded(COLUMNS(*))
            FROM staged_order_lines
            SEMI JOIN rejected_lines AS wanted USING (source, file, row_number)
        ) AS lines
    ) AS records
    INNER JOIN rejected_lines USING (source, file, row_number)
    UNION ALL
    SELECT
        source,
        file,
        row_number,
        min(order_id),
        min(fault),
        min(raw)
    FROM typed_refunds
    WHERE fault IS NOT NULL
    GROUP BY source, file, row_number
    UNION ALL
    SELECT
        source,
        file,
        row_number,
        NULL,
        fault,
        raw
    FROM typed_rates
    WHERE fault IS NOT NULL
    UNION ALL
    SELECT
        source,
        file,
        row_number,
        order_id,
        fault,
        raw
    FROM typed_payments
    WHERE fault IS NOT NULL
    UNION ALL
    SELECT
        source,
        file,
        row_number,
        NULL,
        fault,
        raw
    FROM typed_payouts
    WHERE fault IS NOT NULL
),

rejected AS (
    SELECT
        source,
        file,
        row_number,
        CASE WHEN json_valid(raw) THEN raw ->> 'order_id' END AS order_id,
        reason,
        detail,
        raw
    FROM with_source('staged_rejects')
    UNION ALL
    SELECT
        source,
        file,
        row_number,
        order_id,
        split_part(fault, ' ', 1) AS reason,
        split_part(fault, ' ', 2) || coalesce(' = ' || (raw ->> split_part(fault, ' ', 2)), ' is empty') AS detail,
        raw::VARCHAR
    FROM faulty
),

without_personal_columns AS (
    SELECT
        source,
        file,
        row_number,
        order_id,
        reason,
        detail,
        CASE
            WHEN NOT json_valid(raw) THEN raw  -- CASE guarantees the order of the tests, AND does not
            WHEN json_type(raw) <> 'OBJECT' THEN raw
            ELSE json_merge_patch(raw, '{
                "address": null, "address_1": null, "address_2": null, "billing": null, "city": null,
                "customer": null, "customer_email": null, "customer_id": null, "customer_ip_address": null,
                "customer_name": null, "customer_note": null,
                "email": null, "first_name": null, "last_name": null, "name": null, "phone": null, "postcode": null,
                "shipping": null
            }')::VARCHAR
        END AS raw
    FROM rejected
),

-- A column here, because mask_e_mails names its argument several times: DuckDB would plan the expression for each.
with_names AS (
    SELECT
        without_personal_columns.* EXCLUDE (detail, raw),
        coalesce(named.file_name || ' (' || named.name || ')' || substr(detail, len(named.name) + 1), detail) AS detail,
        left(raw, 8000) AS raw
    FROM without_personal_columns
    LEFT JOIN with_source('staged_column_names') AS named
        ON
            without_personal_columns.source = named.source
            AND without_personal_columns.file = named.file
            AND split_part(without_personal_columns.detail, ' ', 1) = named.name
)

SELECT
    getvariable('business_date') AS business_date,
    source::VARCHAR AS source,
    getvariable('run_id') AS run_id,
    row_number,
    reason,
    left(mask_e_mails(detail), 500) AS detail,
    file,
    left(mask_e_mails(raw), 2000) AS raw,
    safe_id(order_id) AS order_id
FROM with_names;
