{% from "warehouse/macros/audit_scope.sql" import in_scope with context %}
-- The result of the load: numbers of loaded rows, the run's audit rows for the sources of the domain, and its
-- restatements. In one row, because each job costs BigQuery a second.
SELECT
    ARRAY(
        SELECT AS STRUCT
            name,
            entries
        FROM (
            {% include "warehouse/loads/" ~ load ~ "/row_counts.sql" %}
        ) AS counts
        ORDER BY name
    ) AS counts,
    ARRAY(
        SELECT AS STRUCT
            {{ columns("load_audit") | map(attribute="name") | join(",\n            ") }}
        FROM {{ table("load_audit") }} AS load_audit
        WHERE
            business_date = {{ business_date }}
            AND run_id IN (SELECT staged.run_id FROM {{ staged("load_audit") }} AS staged)
            AND {{ in_scope("load_audit") }}
        ORDER BY source
    ) AS audit{{ "," if restates }}
    {% if restates %}
    ARRAY(
        SELECT AS STRUCT
            {% for column in columns("report_restatements") %}
            restated.`{{ column.name }}`{{ "," if not loop.last }}
            {% endfor %}
        FROM {{ table("report_restatements") }} AS restated
        WHERE restated.detected_at IN (SELECT touched.looked_up_at FROM {{ staged("touched_days") }} AS touched)
        ORDER BY restated.business_date, restated.figure
    ) AS restatements
    {% endif %};
