{% from "warehouse/macros/audit_scope.sql" import audit_fingerprint with context %}
-- Fingerprint of the loads of this domain so far. Every find_changes.sql includes this first; confirm.sql compares it
-- inside the transaction.
CREATE OR REPLACE TABLE {{ staged("audit_state") }} AS
{{ audit_fingerprint() }};
