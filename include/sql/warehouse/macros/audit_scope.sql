{# Whether the latest run switched the rows' source off. The rows are of `daily_audit`, those of one source `of` a condition. #}
{% macro is_off(of="TRUE") -%}
COALESCE(
            MAX(IF({{ of }} AND status = 'off', run_at, NULL)) = MAX(IF({{ of }}, run_at, NULL)),
            FALSE
        )
{%- endmacro %}

{#
  The audit rows of the domain's own sources, without exports, where the condition `chosen` on `business_date` holds.
  `run_at` dates the run also for a source that failed, which has no `read_at`.
#}
{% macro daily_audit(chosen) -%}
SELECT
    *,
    MAX(read_at) OVER (PARTITION BY business_date, run_id) AS run_at
FROM `sales.load_audit`
WHERE {{ chosen }}
    AND source IN ({{ sources }})
    AND status <> 'history'
{%- endmacro %}
