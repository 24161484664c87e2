-- For make check: the server version, and missing indexes that would make the other queries slow. One row. Names that are
-- not tables (another schema, a view) are skipped.
SELECT
    current_setting('server_version') AS server_version,
    current_database() AS database,
    (
        SELECT string_agg(format('CREATE INDEX ON %%s (%%s)', name, column_name), '; ' ORDER BY name, column_name)
        FROM (
            VALUES
            ('customers', 'customer_id'),
            ('customers', 'updated_at'),
            ('order_items', 'order_id'),
            ('orders', 'order_id'),
            ('orders', 'ordered_at'),
            ('orders', 'updated_at'),
            ('products', 'sku'),
            ('products', 'updated_at'),
            ('refunds', 'order_id'),
            ('refunds', 'refunded_at'),
            ('refunds', 'updated_at')
        ) AS wanted (name, column_name)
        JOIN pg_class ON pg_class.oid = to_regclass(name) AND pg_class.relkind IN ('r', 'p')
        JOIN pg_attribute ON pg_attribute.attrelid = pg_class.oid AND pg_attribute.attname = column_name
        WHERE NOT EXISTS (
            SELECT 1
            FROM pg_index
            WHERE pg_index.indrelid = pg_class.oid
                AND pg_index.indkey[0] = pg_attribute.attnum
                AND pg_index.indpred IS NULL
                AND pg_index.indisvalid
        )
    ) AS missing_indexes
