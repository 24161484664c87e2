{#
  The loaded exports with the first and last business day of each: `source`, `first_exported`, `last_exported`. An export
  that was undone is not listed until it is loaded again.
#}
{% macro exports() -%}
SELECT
        audit.source,
        DATE(MIN(audit.window_start), {{ shop_timezone }}) AS first_exported,
        DATE(TIMESTAMP_SUB(MAX(audit.window_end), INTERVAL 1 SECOND), {{ shop_timezone }}) AS last_exported
    FROM `sales.load_audit` AS audit
    LEFT JOIN (
        SELECT
            source,
            MAX(read_at) AS undone_at
        FROM `sales.load_audit`
        WHERE business_date >= DATE '0001-01-01'
            AND status = 'history'
            AND STARTS_WITH(run_id, 'undo__')
        GROUP BY source
    ) AS undone
        ON audit.source = undone.source
    WHERE audit.business_date >= DATE '0001-01-01'
        AND audit.status = 'history'
        AND NOT STARTS_WITH(audit.run_id, 'undo__')
        AND COALESCE(audit.read_at > undone.undone_at, TRUE)
    GROUP BY audit.source
{%- endmacro %}

{# The sources that are exports, also those that were undone: none has the name of a live source. #}
{% macro exported_sources() -%}
SELECT audit.source
        FROM `sales.load_audit` AS audit
        WHERE audit.business_date >= DATE '0001-01-01'
            AND audit.status = 'history'
{%- endmacro %}
