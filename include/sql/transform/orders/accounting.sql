-- Row counts of the written files by outcome, and warnings; a row for each source, in the order of `source_name`.

WITH superseded AS (
    SELECT source
    FROM superseded_orders
    WHERE getvariable('headers_are_records')
    UNION ALL
    SELECT source
    FROM typed_lines
    SEMI JOIN superseded_orders USING (order_id, version)
    WHERE fault IS NULL OR getvariable('headers_are_records')
    UNION ALL
    SELECT source
    FROM repeated_lines
    ANTI JOIN left_out_versions USING (order_id, version)
    ANTI JOIN line_verdicts USING (order_id, version)
    WHERE is_superseded
    UNION ALL
    SELECT source
    FROM typed_refunds
    WHERE fault IS NULL AND NOT is_accepted
    GROUP BY source, file, row_number
    UNION ALL
    SELECT kept_order_lines.source::source_name
    FROM kept_order_lines
    SEMI JOIN superseded_kept_orders USING (source, order_id)
    UNION ALL
    SELECT source
    FROM typed_rates
    WHERE fault IS NULL AND NOT is_accepted
    UNION ALL
    SELECT source
    FROM typed_payments
    WHERE fault IS NULL AND NOT is_accepted
    UNION ALL
    SELECT source
    FROM typed_payouts
    WHERE fault IS NULL AND NOT is_accepted
),

accepted AS (
    SELECT source::source_name AS source
    FROM written_orders
    WHERE getvariable('headers_are_records')
    UNION ALL
    SELECT source::source_name
    FROM written_order_lines
    UNION ALL
    SELECT source
    FROM typed_refunds
    WHERE is_accepted
    GROUP BY source, file, row_number
    UNION ALL
    -- Written rates have no source.
    SELECT source
    FROM typed_rates
    WHERE is_accepted
    UNION ALL
    SELECT source::source_name
    FROM written_payments
    UNION ALL
    SELECT source::source_name
    FROM written_payouts
),

-- One for each file, if files are deliveries.
unknown_countries AS (
    SELECT
        source,
        json_object(
            'kind', 'unknown_countries', 'orders', count(DISTINCT order_id),
            'place', coalesce(CASE WHEN getvariable('files_are_deliveries') THEN file END, source::VARCHAR)
        )::VARCHAR AS warning
    FROM staged_orders
    WHERE as_text(country_code) IS NOT NULL AND as_country(country_code) IS NULL
    GROUP BY source, CASE WHEN getvariable('files_are_deliveries') THEN file END
),

warnings AS (
    SELECT
        source,
        list(mask_e_mails(warning) ORDER BY warning) AS warnings
    FROM (
        FROM with_source('staged_warnings')
        UNION ALL BY NAME
        FROM unknown_countries
    ) AS found
    GROUP BY source
),

reasons AS (
    SELECT
        source::source_name AS source,
        reason,
        count(*) AS records
    FROM written_rejected_rows
    GROUP BY ALL
),

rejected AS (
    SELECT
        source,
        sum(records)::BIGINT AS records,
        map_from_entries(list(row(reason, records) ORDER BY reason)) AS reasons
    FROM reasons
    GROUP BY source
),

amounts AS (
    SELECT
        source::source_name AS source,
        sum(gross_amount) AS amount
    FROM written_order_lines
    GROUP BY ALL
)

SELECT
    coalesce(read.rows_read, 0) AS rows_read,
    coalesce(accepted.records, 0) AS rows_accepted,
    coalesce(rejected.records, 0) AS rows_rejected,
    coalesce(superseded.records, 0) AS rows_superseded,
    coalesce(orders.records, 0) AS orders,
    coalesce(amounts.amount, 0)::VARCHAR AS amount,
    coalesce(rejected.reasons, map()) AS rejected,
    coalesce(warnings.warnings, []) AS warnings
FROM (
    SELECT source::source_name AS source
    FROM sources
) AS sources
LEFT JOIN with_source('staged_rows_read') AS read USING (source)
LEFT JOIN (
    SELECT
        source,
        count(*) AS records
    FROM accepted
    GROUP BY source
) AS accepted USING (source)
LEFT JOIN (
    SELECT
        source,
        count(*) AS records
    FROM superseded
    GROUP BY source
) AS superseded USING (source)
LEFT JOIN (
    SELECT
        source::source_name AS source,
        count(*) AS records
    FROM written_orders
    GROUP BY ALL
) AS orders USING (source)
LEFT JOIN amounts USING (source)
LEFT JOIN rejected USING (source)
LEFT JOIN warnings USING (source)
ORDER BY sources.source;
