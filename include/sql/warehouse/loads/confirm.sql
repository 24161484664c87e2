{% from "warehouse/macros/audit_scope.sql" import audit_fingerprint with context %}
-- First statement of the transaction: aborts when the domain has loaded anything since find_changes.sql, whose list of
-- days would then be incomplete.
SELECT
    IF(
        before.fingerprint IS DISTINCT FROM current_state.fingerprint,
        ERROR('aborted due to concurrent update: another load committed after this one had looked up its days'),
        TRUE
    ) AS confirmed
FROM {{ staged("audit_state") }} AS before
CROSS JOIN (
{{ audit_fingerprint() | indent(4, first=True) }}
) AS current_state;
