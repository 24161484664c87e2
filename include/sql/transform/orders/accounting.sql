-- Row counts of the written files by outcome, and warnings.

WITH superseded AS (
    SELECT count(*) AS records
    FROM superseded_orders
    WHERE getvariable('headers_are_records')
    UNION ALL
    SELECT count(*)
    FROM typed_lines
    SEMI JOIN superseded_orders USING (order_id, version)
    WHERE fault IS NULL OR getvariable('headers_are_records')
    UNION ALL
    SELECT count(*)
    FROM repeated_lines
    ANTI JOIN left_out_versions USING (order_id, version)
    ANTI JOIN line_verdicts USING (order_id, version)
    WHERE is_superseded
    UNION ALL
    SELECT count(DISTINCT row(file, row_number)) FILTER (fault IS NULL AND NOT is_accepted)
    FROM typed_refunds
    UNION ALL
    SELECT count(*)
    FROM kept_order_lines
    SEMI JOIN superseded_kept_orders USING (order_id)
    UNION ALL
    SELECT count(*) FILTER (fault IS NULL AND NOT is_accepted)
    FROM typed_rates
    UNION ALL
    SELECT count(*) FILTER (fault IS NULL AND NOT is_accepted)
    FROM typed_payments
    UNION ALL
    SELECT count(*) FILTER (fault IS NULL AND NOT is_accepted)
    FROM typed_payouts
),

orders AS (
    SELECT count(*) AS orders
    FROM written_orders
),

order_lines AS (
    SELECT
        count(*) AS order_lines,
        coalesce(sum(gross_amount), 0) AS amount
    FROM read_parquet(getvariable('loadable') || '/order_lines.parquet')
),

-- One for each file, if files are deliveries.
unknown_countries AS (
    SELECT
        json_object(
            'kind', 'unknown_countries', 'orders', count(DISTINCT order_id),
            'place', coalesce(CASE WHEN getvariable('files_are_deliveries') THEN file END, getvariable('source'))
        )::VARCHAR AS warning
    FROM staged_orders
    WHERE as_text(country_code) IS NOT NULL AND as_country(country_code) IS NULL
    GROUP BY CASE WHEN getvariable('files_are_deliveries') THEN file END
),

reasons AS (
    SELECT
        reason,
        count(*) AS records
    FROM read_parquet(getvariable('loadable') || '/rejected_rows.parquet')
    GROUP BY reason
)

SELECT
    (SELECT rows_read FROM staged_rows_read) AS rows_read,
    CASE WHEN getvariable('headers_are_records') THEN orders.orders ELSE 0 END
    + order_lines.order_lines
    + (
        SELECT count(DISTINCT row(file, row_number)) FROM typed_refunds
        WHERE is_accepted
    )
    + (SELECT count(*) FROM read_parquet(getvariable('loadable') || '/exchange_rates.parquet'))
    + (SELECT count(*) FROM read_parquet(getvariable('loadable') || '/payments.parquet'))
    + (SELECT count(*) FROM read_parquet(getvariable('loadable') || '/payouts.parquet')) AS rows_accepted,
    (SELECT coalesce(sum(records), 0)::BIGINT FROM reasons) AS rows_rejected,
    (SELECT sum(records)::BIGINT FROM superseded) AS rows_superseded,
    orders.orders,
    order_lines.amount::VARCHAR AS amount,
    coalesce((SELECT map_from_entries(list(row(reason, records) ORDER BY reason)) FROM reasons), map()) AS rejected,
    (
        SELECT coalesce(list(mask_e_mails(warning) ORDER BY warning), [])
        FROM (
            FROM staged_warnings
            UNION ALL
            FROM unknown_countries
        ) AS found
    ) AS warnings
FROM orders
CROSS JOIN order_lines;
