{#
  Whether a row of load_audit belongs to the domain of the current LoadSpec: its source is one of the domain's sources.
  Rows of exports, with the status `history`, have their own source names and belong to the domain that takes exports.
#}
{% macro in_scope(audit) -%}
({{ audit }}.source IN ({{ sources }}) {{ "OR" if takes_exports else "AND NOT" }} {{ audit }}.status = 'history')
{%- endmacro %}

{#
  A fingerprint of all audit rows of the domain and of the forgotten customers, which changes with every load and every
  erasure: a row of staged_totals.sql. confirm.sql compares it inside the transaction.
#}
{% macro audit_fingerprint() -%}
SELECT
    'fingerprint of load_audit' AS name,
    CAST(NULL AS STRING) AS source,
    audit.fingerprint AS entries,
    audit.fingerprint AS different_keys,
    CAST(NULL AS NUMERIC) AS amount
FROM (
    SELECT COALESCE(BIT_XOR(FARM_FINGERPRINT(entry)), 0) AS fingerprint
    FROM (
        SELECT TO_JSON_STRING(load_audit) AS entry
        FROM {{ table("load_audit") }} AS load_audit
        WHERE
            load_audit.business_date >= {{ first_day }}
            AND {{ in_scope("load_audit") }}
        UNION ALL
        SELECT forgotten_hash AS entry
        FROM {{ table("forgotten_hashes") }}
    ) AS entries
) AS audit
{%- endmacro %}

{#
  The audit rows of the domain's own sources, without exports, where the condition `chosen` on `business_date` holds.
  `run_at` dates the run also for a source that failed, which has no `read_at`.
#}
{% macro daily_audit(chosen) -%}
SELECT
    *,
    MAX(read_at) OVER (PARTITION BY business_date, run_id) AS run_at
FROM {{ table("load_audit") }}
WHERE {{ chosen }}
    AND source IN ({{ sources }})
    AND status <> 'history'
{%- endmacro %}
