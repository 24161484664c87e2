{% from "warehouse/macros/audit_scope.sql" import in_scope with context %}
-- The audit rows of one run, for the sources of its domain.
SELECT
    {{ columns("load_audit") | map(attribute="name") | join(",\n    ") }}
FROM {{ table("load_audit") }} AS load_audit
WHERE
    business_date = {{ business_date }}
    AND run_id = @run_id
    AND {{ in_scope("load_audit") }}
ORDER BY source;
