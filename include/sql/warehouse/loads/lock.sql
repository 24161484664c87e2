{% from "warehouse/macros/lock.sql" import lock_is_missing %}
-- First statements of every transaction. Of two transactions that change rows of one table, BigQuery cancels one; of two
-- that only read a table or add rows to it, none: https://cloud.google.com/bigquery/docs/transactions
--
-- A load has looked up its days before: it is aborted where another transaction has committed since, `lock_token` being
-- the token at that time. The look-up has counted the lock's rows.
{% if lock_token is defined %}
UPDATE `sales.load_lock`
SET
    token = IF(
        COALESCE(token, 'none') = {{ lock_token }},
        GENERATE_UUID(),
        ERROR('aborted due to concurrent update: another transaction committed after this load had looked up its days')
    )
WHERE TRUE;
{% else %}
SELECT IF(COUNT(*) = 1, TRUE, {{ lock_is_missing() }}) AS is_locked
FROM `sales.load_lock`;

UPDATE `sales.load_lock`
SET token = GENERATE_UUID()
WHERE TRUE;
{% endif %}
