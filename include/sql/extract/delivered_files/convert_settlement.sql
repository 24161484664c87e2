{#
  DuckDB, after transform/values.sql: adds the records of a settlement to the table settlement_rows. Facts: `delivered`
  (sources/delivered_files.py) and `records` (a path). Variables: `file`, `partner`, `received_at`.
#}
{% from "extract/delivered_files/record_macros.sql" import instant, is_blank, is_header, is_one_of, month_named, plain_records, quoted with context %}
{% set layout = delivered.layout %}
{% include "extract/layout_macros.sql" %}

{% macro parsed(name) -%}
coalesce(
    {% for format in layout.date_format %}
    {{ instant(month_named(name, format), format) }},
    {% endfor %}
    {{ "as_instant(" ~ name ~ ")" if not layout.date_format else "NULL" }}
)
{%- endmacro %}

{% macro signed(name) -%}
{{ "turned" if name in layout.negated }}(plain_number({{ name }}, currency))
{%- endmacro %}
INSERT INTO settlement_rows BY NAME
WITH named AS (
    SELECT
        {% for name in delivered.ours %}
        {% set places = delivered.places.get(name, []) %}
        {% if places %}
        nullif(concat_ws(' ', {% for place in places %}nullif(trim("{{ place }}"), ''){{ ", " if not loop.last }}{% endfor %}), '') AS "{{ name }}",
        {% else %}
        {{ quoted(layout.constants[name]) if name in layout.constants else "NULL" }}::VARCHAR AS "{{ name }}",
        {% endif %}
        {% endfor %}
        CASE
            WHEN FALSE THEN NULL
            {% for rule in layout.payments %}
            WHEN TRUE{% for name, texts in rule.items() if name != "is" %} AND {{ is_one_of(name, texts) }}{% endfor %}

                THEN {{ quoted(rule["is"][0]) }}
            {% endfor %}
            ELSE 'other'
        END AS kind,
        number AS row_number
    FROM {{ plain_records() }}
    WHERE NOT ({{ is_blank() }}) AND NOT ({{ is_header() }})
),

-- The rows behind that of the deposit may lack its facts.
filled AS (
    SELECT * REPLACE (last_value(settlement_id IGNORE NULLS) OVER (ORDER BY row_number) AS settlement_id)
    FROM named
),

with_currency AS (
    SELECT * REPLACE (coalesce(currency, first_value(currency IGNORE NULLS) OVER settlement) AS currency)
    FROM filled
    WINDOW settlement AS (
        PARTITION BY settlement_id ORDER BY row_number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)

SELECT
    getvariable('file') AS file,
    getvariable('partner') AS partner,
    getvariable('received_at') AS received_at,
    row_number,
    settlement_id,
    coalesce(
        strftime({{ parsed("deposited_on") }} AT TIME ZONE {{ quoted(delivered.timezone) }}, '%Y-%m-%d'), deposited_on
    ) AS deposited_on,
    plain_number(deposit_amount, currency) AS deposit_amount,
    currency,
    order_id,
    kind,
    {{ signed("amount") }} AS amount,
    {{ signed("fee_amount") }} AS fee_amount,
    coalesce(
        strftime({{ parsed("posted_at") }} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), posted_at
    ) AS posted_at,
    amount IS NULL AND deposit_amount IS NOT NULL AS is_deposit
FROM with_currency
