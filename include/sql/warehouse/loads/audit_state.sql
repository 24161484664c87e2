{% from "warehouse/macros/audit.sql" import own with context %}
-- What this domain has loaded so far; `confirm.sql` compares it inside the transaction. Every look_up.sql begins with it.
CREATE OR REPLACE TABLE {{ staged("audit_state") }} AS
SELECT BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(audit))) AS fingerprint
FROM {{ table("load_audit") }} AS audit
WHERE
    audit.business_date >= {{ first_day }}
    AND {{ own("audit") }};
