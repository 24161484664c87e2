{% from "warehouse/macros/audit.sql" import own with context %}
-- First in the transaction: the domain has loaded nothing since `look_up.sql`, so the days it found are all.
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
        AND {{ own("audit") }}
) AS current_state;
