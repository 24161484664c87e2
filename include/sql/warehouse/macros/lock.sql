{#
  A row of staged_totals.sql: the token of the lock when the look-ups began. lock.sql compares it in the transaction.
#}
{% macro lock_token(token="") -%}
SELECT
    'load_lock' AS name,
    CAST(NULL AS STRING) AS source,
    1 AS entries,
    1 AS different_keys,
    CAST(NULL AS NUMERIC) AS amount,
    COALESCE({{ token or "(SELECT MAX(load_lock.token) FROM " ~ table("load_lock") ~ " AS load_lock)" }}, 'none') AS token
{%- endmacro %}
