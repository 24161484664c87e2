{# Whether a loaded file belongs to the load totals of a day: it is named for the day, or a run of the day loaded it. #}
{% macro is_of_day(loaded, day) -%}
({{ loaded }}.business_date = {{ day }} OR STRPOS({{ loaded }}.file, CONCAT('_', CAST({{ day }} AS STRING), '.csv')) > 0)
{%- endmacro %}
{#
  Orders and payouts of the arriving files. A newer delivery of a file that is loaded contains all of its orders: the others
  are removed.
#}
{% macro deliveries() -%}
SELECT
    delivered.source,
    order_id,
    MAX(newer.received_at) AS newer_received_at,
    LOGICAL_AND(newer.file IS NOT NULL AND order_id NOT IN UNNEST(newer.order_ids)) AS is_removed
FROM `sales_staging.loaded_files` AS delivered
CROSS JOIN UNNEST(delivered.order_ids) AS order_id
LEFT JOIN `sales.loaded_files` AS newer
    ON
        delivered.file = newer.file
        AND delivered.source = newer.source
        AND delivered.received_at < newer.received_at
        AND {{ any_of(stored["loaded_files"], "newer.business_date") }}
GROUP BY delivered.source, order_id
{%- endmacro %}
{#
  Stored refunds from files that this load neither has nor knew when it read: another run has loaded them since. The ids
  of such refunds end with the day of their file. They stay, and their orders' files are read again (loaded_files/load.sql).
#}
{% macro unknown_refunds() -%}
SELECT entries.*
FROM `sales.refunds` AS entries
INNER JOIN (SELECT DISTINCT source FROM `sales_staging.loaded_files`) AS delivering
    ON entries.source = delivering.source
LEFT JOIN `sales_staging.refunds` AS known
    ON
        entries.source = known.source
        AND entries.order_id = known.order_id
        AND REGEXP_REPLACE(entries.refund_id, r'........$', '') = REGEXP_REPLACE(known.refund_id, r'........$', '')
LEFT JOIN `sales_staging.loaded_files` AS delivered
    ON
        entries.source = delivered.source
        AND STARTS_WITH(
            delivered.file,
            CONCAT(
                entries.channel,
                REGEXP_REPLACE(entries.refund_id, r'^.*(....)(..)(..)$', r'_\1-\2-\3.csv')
            )
        )
WHERE
    {{ any_of(stored["refunds"], "entries.business_date") }}
    AND known.refund_id IS NULL
    AND delivered.file IS NULL
{%- endmacro %}
{# Whether no run of any day has loaded a partner's file for a day. #}
{% macro is_undelivered(partner, day) -%}
CONCAT({{ partner }}, '_', CAST({{ day }} AS STRING)) NOT IN (
            SELECT REGEXP_REPLACE(delivered.file, r'\.csv(\.gz)?$', '') FROM `sales.loaded_files` AS delivered
        )
{%- endmacro %}
