{% from "warehouse/macros/audit_scope.sql" import in_scope with context %}
-- First in the transaction: the domain has loaded nothing since `find_changes.sql`, so the days it found are all.
SELECT
    IF(
        looked_up.fingerprint IS DISTINCT FROM current_state.fingerprint,
        ERROR('aborted due to concurrent update: another load committed after this one had looked up its days'),
        TRUE
    ) AS confirmed
FROM {{ staged("audit_state") }} AS looked_up
CROSS JOIN (
    SELECT BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(audit))) AS fingerprint
    FROM {{ table("load_audit") }} AS audit
    WHERE
        audit.business_date >= {{ first_day }}
        AND {{ in_scope("audit") }}
) AS current_state;
