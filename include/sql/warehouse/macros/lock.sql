{#
  A row of staged_totals.sql: the token of the lock when the look-ups began. lock.sql compares it in the transaction.
#}
{% macro lock_token() -%}
SELECT
    'load_lock' AS name,
    CAST(NULL AS STRING) AS source,
    1 AS entries,
    1 AS different_keys,
    CAST(NULL AS NUMERIC) AS amount,
    (
        SELECT IF(COUNT(*) = 1, COALESCE(MAX(load_lock.token), 'none'), {{ lock_is_missing() }})
        FROM `sales.load_lock` AS load_lock
    ) AS token
{%- endmacro %}

{% macro lock_is_missing() -%}
ERROR('load_lock does not have exactly one row: drop this table, and the next run creates it again')
{%- endmacro %}
