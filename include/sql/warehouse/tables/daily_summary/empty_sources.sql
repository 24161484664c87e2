{% from "warehouse/macros/audit_scope.sql" import is_off with context %}
{% from "warehouse/macros/low_order_counts.sql" import low_order_counts with context %}
{% set judged_days = days_compared() %}
-- Stores which sources of the days, and of those whose comparison they change, unusually have no orders; such a day is not
-- complete. The rows of other days stay. A source that is off by its latest run of any day is empty on no day; `daily_audit`
-- would need the spec of a load, which `make migrate` has not.
UPDATE `sales.daily_summary` AS summary
SET
    empty_sources = found.empty_sources,
    complete = ARRAY_LENGTH(COALESCE(summary.missing_sources, [])) + ARRAY_LENGTH(found.empty_sources) = 0
FROM (
    SELECT
        judged.business_date,
        COALESCE(ARRAY_AGG(empty.name IGNORE NULLS ORDER BY empty.name), []) AS empty_sources
    FROM `sales.daily_summary` AS judged
    LEFT JOIN (
        SELECT
            low_counts.business_date,
            low_counts.name
        FROM (
{{ low_order_counts(judged_days) | indent(12, first=True) }}
        ) AS low_counts
        LEFT JOIN (
            SELECT source
            FROM (
                SELECT
                    source,
                    status,
                    MAX(read_at) OVER (PARTITION BY business_date, run_id) AS run_at
                FROM `sales.load_audit`
                WHERE business_date >= DATE '0001-01-01'
            ) AS audit
            GROUP BY source
            HAVING {{ is_off() }}
        ) AS off_sources
            ON low_counts.source = off_sources.source
        WHERE
            low_counts.is_empty
            AND off_sources.source IS NULL
    ) AS empty
        ON judged.business_date = empty.business_date
    WHERE {{ any_of(judged_days, "judged.business_date") }}
    GROUP BY judged.business_date
) AS found
WHERE
    summary.business_date = found.business_date
    AND COALESCE(ARRAY_TO_STRING(summary.empty_sources, '; '), '') <> ARRAY_TO_STRING(found.empty_sources, '; ');
