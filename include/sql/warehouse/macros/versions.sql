{#
  Whether a staged version of an order, a row of `versions`, is at least as new as the stored one, if any. Versions from files are compared by
  the source's clock, then by time of receipt; without such a clock on both sides, by read_at alone.
#}
{% macro not_older(stored_updated_at, stored_read_at) -%}
COALESCE(
        CASE
            WHEN versions.version_updated_at <> {{ stored_updated_at }}
                THEN versions.version_updated_at > {{ stored_updated_at }}
            ELSE versions.read_at >= {{ stored_read_at }}
        END,
        TRUE
    )
{%- endmacro %}
{#
  Whether the `arriving` description of a product or customer replaces the `stored` one: it was changed later, or at the same time and sorts
  after it, so that the order of two runs does not matter. A description without a date only fills a gap.
#}
{% macro is_newer(described) -%}
CASE
                WHEN arriving.updated_at IS NOT DISTINCT FROM stored.updated_at
                    THEN {{ as_text("arriving", described) }} > {{ as_text("stored", described) }}
                ELSE COALESCE(arriving.updated_at > stored.updated_at, stored.updated_at IS NULL)
            END
{%- endmacro %}

{% macro as_text(row, described) -%}
CONCAT({% for column in described %}COALESCE({{ row }}.{{ column }}, ''), '|'{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}

{# The values of an order that figures are computed from, as text. Amounts are whole numbers: see conversion.sql. #}
{% macro counted_values(prefix="") -%}
TO_JSON_STRING(
            STRUCT(
                {%- for column in ["business_date", "customer_hash", "currency", "item_count"] %}
                {{ prefix }}{{ column }} AS {{ column }},
                {%- endfor %}
                {%- for amount in ["gross", "discount", "tax", "shipping"] %}
                CAST(CAST({{ prefix }}{{ amount }}_amount AS BIGNUMERIC) * 10000 AS INT64) AS {{ amount }}{{ "," if not loop.last }}
                {%- endfor %}
            )
        )
{%- endmacro %}

{# The value of a column in the newest order of a group; of orders of one instant, the first in the alphabet. #}
{% macro newest(column) -%}
ARRAY_AGG({{ column }} ORDER BY ordered_at DESC, {{ column }} LIMIT 1)[OFFSET(0)]
{%- endmacro %}
