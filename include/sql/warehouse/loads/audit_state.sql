{% from "warehouse/macros/audit_scope.sql" import in_scope with context %}
-- What this domain has loaded so far; `confirm.sql` compares it inside the transaction. Every find_changes.sql begins with it.
CREATE OR REPLACE TABLE {{ staged("audit_state") }} AS
SELECT BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(audit))) AS fingerprint
FROM {{ table("load_audit") }} AS audit
WHERE
    audit.business_date >= {{ first_day }}
    AND {{ in_scope("audit") }};
