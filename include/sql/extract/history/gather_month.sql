-- DuckDB: the raw folder of one month of an export, as the partner files' extract leaves it. Variables: `lines` and
-- `rejects` (files of the export), `moved`, `first_day`, `last_day`, `is_first`, `folder`. The first month also includes
-- lines without a valid day, and the unreadable records of all files.
COPY (
    SELECT * EXCLUDE (day)
    FROM read_parquet(getvariable('lines')) AS lines
    WHERE day BETWEEN getvariable('first_day') AND getvariable('last_day')
        AND NOT EXISTS (
            SELECT 1
            FROM read_parquet(getvariable('moved')) AS moved
            WHERE moved.file = lines.file AND moved.row_number = lines.row_number
        )
    UNION ALL
    SELECT * EXCLUDE (day)
    FROM read_parquet(getvariable('moved'))
    WHERE day BETWEEN getvariable('first_day') AND getvariable('last_day')
    UNION ALL
    SELECT * EXCLUDE (day)
    FROM read_parquet(getvariable('lines'))
    WHERE day IS NULL AND getvariable('is_first')
) TO (getvariable('folder') || '/lines.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    FROM read_parquet(getvariable('rejects'))
    WHERE getvariable('is_first')
) TO (getvariable('folder') || '/rejects.parquet') (FORMAT parquet, COMPRESSION zstd);

CREATE TABLE ids AS
SELECT
    order_id,
    bool_or(is_refund IS NOT TRUE) AS is_sold
FROM (
    FROM read_parquet(getvariable('folder') || '/lines.parquet')
    UNION ALL BY NAME
    SELECT NULL::BOOLEAN AS is_refund  -- optional
    WHERE FALSE
) AS lines
GROUP BY order_id;

-- An export removes no orders and has neither earlier deliveries nor settlements.
COPY (
    SELECT
        NULL::VARCHAR AS file,
        NULL::VARCHAR AS partner,
        NULL::TIMESTAMPTZ AS received_at,
        0::BIGINT AS row_number,
        NULL::VARCHAR AS settlement_id,
        NULL::VARCHAR AS deposited_on,
        NULL::VARCHAR AS deposit_amount,
        NULL::VARCHAR AS currency,
        NULL::VARCHAR AS order_id,
        NULL::VARCHAR AS kind,
        NULL::VARCHAR AS amount,
        NULL::VARCHAR AS posted_at,
        FALSE AS is_deposit
    WHERE FALSE
) TO (getvariable('folder') || '/settlements.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT DISTINCT
        file,
        '' AS partner,
        NULL::VARCHAR AS sha256,
        NULL::TIMESTAMPTZ AS received_at,
        0::BIGINT AS lines,
        []::VARCHAR[] AS order_ids,
        []::VARCHAR[] AS warnings,
        NULL::MAP(VARCHAR, VARCHAR) AS columns
    FROM read_parquet(getvariable('folder') || '/lines.parquet')
) TO (getvariable('folder') || '/files.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT
        NULL::VARCHAR AS order_id,
        NULL::VARCHAR AS file,
        NULL::TIMESTAMPTZ AS received_at
    WHERE FALSE
) TO (getvariable('folder') || '/removed_orders.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT
        NULL::VARCHAR AS order_id,
        NULL::VARCHAR AS partner,
        NULL::VARCHAR AS file,
        NULL::TIMESTAMPTZ AS received_at
    WHERE FALSE
) TO (getvariable('folder') || '/known_orders.parquet') (FORMAT parquet, COMPRESSION zstd);

-- Nor does the warehouse have refunds of its orders.
COPY (
    SELECT
        NULL::VARCHAR AS refund_id,
        NULL::VARCHAR AS order_id,
        NULL::BIGINT AS line_number,
        NULL::VARCHAR AS sku,
        NULL::VARCHAR AS channel,
        NULL::VARCHAR AS currency,
        NULL::DECIMAL(18, 4) AS quantity,
        NULL::DECIMAL(18, 4) AS merchandise_amount,
        NULL::DECIMAL(18, 4) AS tax_amount,
        NULL::DECIMAL(18, 4) AS shipping_amount,
        NULL::VARCHAR AS reason,
        NULL::TIMESTAMPTZ AS refunded_at
    WHERE FALSE
) TO (getvariable('folder') || '/known_refunds.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT
        NULL::VARCHAR AS source,
        NULL::VARCHAR AS order_id,
        NULL::VARCHAR AS run_id,
        NULL::TIMESTAMPTZ AS updated_at,
        NULL::TIMESTAMPTZ AS read_at
    WHERE FALSE
) TO (getvariable('folder') || '/kept_orders.parquet') (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT
        NULL::VARCHAR AS source,
        NULL::VARCHAR AS order_id,
        NULL::VARCHAR AS channel,
        NULL::VARCHAR AS currency,
        NULL::VARCHAR AS status,
        NULL::VARCHAR AS country_code,
        NULL::DECIMAL(18, 4) AS gross_amount,
        NULL::VARCHAR AS run_id
    WHERE FALSE
) TO (getvariable('folder') || '/kept_order_lines.parquet') (FORMAT parquet, COMPRESSION zstd);
