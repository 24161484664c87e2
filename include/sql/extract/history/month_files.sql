-- DuckDB: the other inputs of the partner-file transform. An export removes no orders and has no earlier deliveries.
COPY (
    SELECT
        file,
        '' AS partner,
        sha256,
        received_at,
        lines,
        []::VARCHAR[] AS order_ids,
        []::VARCHAR[] AS warnings,
        NULL::MAP(VARCHAR, VARCHAR) AS columns
    FROM read_parquet(getvariable('files'))
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
