{% from "warehouse/macros/audit_scope.sql" import audit_fingerprint with context %}
-- First statement of the transaction: aborts when the domain has loaded anything, or a customer was forgotten, since
-- staged_totals.sql. The list of days would be incomplete, or staged rows would name the customer.
SELECT
    IF(
        entries <> {{ fingerprint }},
        ERROR('aborted due to concurrent update: another load or an erasure committed after this one had looked up its days'),
        TRUE
    ) AS confirmed
FROM (
{{ audit_fingerprint() | indent(4, first=True) }}
) AS audit;
