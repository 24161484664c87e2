{#
  DuckDB, after transform/values.sql: the records of a file whose partner has a layout of its own, as lines of the standard
  layout, and a warning of those that the layout leaves out. Facts: `delivered` (sources/delivered_files.py), `records` and `lines`
  (paths). Variables: `file`, `partner`, `received_at`.
#}
{% set layout = delivered.layout %}
{% from "extract/delivered_files/record_macros.sql" import cell, instant, is_blank, is_header, is_named, is_one_of, month_named, plain_records, quoted with context %}
{% include "extract/layout_macros.sql" %}

{% macro field(name) -%}
{% set places = delivered.places[name] -%}
{% if places | length > 1 -%}
concat_ws(' ', {% for place in places %}trim("{{ place }}"){{ ", " if not loop.last }}{% endfor %})
{%- else -%}
"{{ places[0] }}"
{%- endif %}
{%- endmacro %}
{% set id_place = delivered.places["order_id"][0] %}
{% set filled = namespace(places=[]) %}
{% for name in layout.fill_down %}
{% set filled.places = filled.places + [delivered.place_of[name]] %}
{% for column, places in delivered.places.items() if name in (column, delivered.names[places[0] | int]) %}
{% set filled.places = filled.places + places %}
{% endfor %}
{% endfor %}
CREATE OR REPLACE TEMP VIEW marked AS
SELECT
    *,
    {{ is_header() }} AS is_header,
    CASE WHEN {{ is_blank() }} THEN TRUE ELSE FALSE END AS is_blank
FROM {{ plain_records() }};

-- Behind a header with other columns, a number of pieces may be in the place of a price, and a refund in that of an order.
SET VARIABLE other_header = (
    SELECT min(number)
    FROM marked
    WHERE ({% for name in ["order_id", "ordered_at"] if name in delivered.places %}{{ is_named(delivered.places[name][0]) }} OR {% endfor %}FALSE) AND NOT is_header
);

INSERT INTO malformed BY NAME
SELECT
    number AS row_number,
    'malformed_line' AS reason,
    'in or behind line ' || getvariable('other_header') || ', a header with other columns' AS detail,
    concat_ws(getvariable('delimiter'), {% for place in range(delivered.names | length) %}coalesce("{{ place }}", ''){{ ", " if not loop.last }}{% endfor %}) AS record
FROM marked
WHERE number >= getvariable('other_header');

{% set of_layout = "number >= getvariable('other_header') IS NOT TRUE" %}
{% if filled.places %}
-- The columns that only the first line of an order has. Lines without an id behind a malformed one may be of another order.
CREATE OR REPLACE TEMP VIEW filled AS
WITH identified AS (
    {% if id_place in filled.places %}
    SELECT * EXCLUDE (is_malformed) REPLACE (
        CASE
            WHEN is_header THEN "{{ id_place }}"
            ELSE nullif(
                last_value(
                    CASE
                        WHEN is_malformed THEN ''
                        WHEN NOT is_header THEN nullif(trim("{{ id_place }}"), '')
                    END
                    IGNORE NULLS
                ) OVER (ORDER BY number),
                ''
            )
        END AS "{{ id_place }}"
    )
    FROM (
        SELECT
            *,
            FALSE AS is_malformed
        FROM marked
        WHERE {{ of_layout }}
        UNION ALL BY NAME
        SELECT
            row_number AS number,
            TRUE AS is_malformed
        FROM malformed
    ) AS records
    QUALIFY NOT is_malformed
    {% else %}
    FROM marked
    WHERE {{ of_layout }}
    {% endif %}
)

SELECT * REPLACE (
    {% for place in filled.places | unique if place != id_place %}
    last_value(nullif(trim("{{ place }}"), '') IGNORE NULLS) OVER until_here AS "{{ place }}",
    {% endfor %}
    number AS number
)
FROM identified
WINDOW until_here AS (PARTITION BY clean_id(trim({{ field("order_id") }})) ORDER BY number);

{% endif %}
CREATE OR REPLACE TEMP VIEW kinds AS
SELECT
    * EXCLUDE (is_header, is_blank),
    CASE
        WHEN is_header THEN 'header'
        {% if layout.skip_without %}
        WHEN coalesce({{ cell(layout.skip_without) }}, '') = '' THEN {{ quoted("without " ~ layout.skip_without) }}
        {% endif %}
        {% for name, kinds in layout.only.items() %}
        WHEN NOT {{ is_one_of(name, kinds) }} THEN coalesce(nullif(left(mask_e_mails({{ cell(name) }}), 40), ''), '(empty)')
        {% endfor %}
        WHEN is_blank THEN 'blank'
    END AS left_out,
    FALSE
    {% for name, kinds in layout.refund_when.items() %}
    {% if kinds == ("negative",) %}
    OR coalesce(as_amount(plain_number({{ cell(name) }}, NULL)) < 0, FALSE)
    {% else %}
    OR {{ is_one_of(name, kinds) }}
    {% endif %}
    {% endfor %}
    AS is_refund
FROM {{ "filled" if filled.places else "marked" }}
{{ "WHERE " ~ of_layout if not filled.places }};

-- The values that a layout maps; of two for one text, the first.
CREATE OR REPLACE TEMP TABLE value_map (name VARCHAR, text VARCHAR, value VARCHAR);

{% for name, texts in layout["values"].items() %}
INSERT INTO value_map
SELECT
    '{{ name }}',
    lower(unnest([{% for text in texts %}{{ quoted(text.split() | join(" ")) }}, {% endfor %}])),
    unnest([{% for text in texts.values() %}{{ quoted(text) }}, {% endfor %}]);

{% endfor %}
{% for language in layout.country_names %}
{% set names = language | country_codes %}
INSERT INTO value_map
SELECT
    'country_code',
    unnest([{% for text in names %}{{ quoted(text) }}, {% endfor %}]),
    unnest([{% for text in names.values() %}{{ quoted(text) }}, {% endfor %}]);

{% endfor %}
{% if not layout.number_lines %}
SET VARIABLE numbers_are_texts = (
    SELECT count(*) > 0
    FROM kinds
    WHERE left_out IS NULL AND {{ "TRUE" if delivered.places["line_number"] | length > 1 else "as_position(trim(" ~ field("line_number") ~ ")) IS NULL" }}
);

{% endif %}
{% set mapped = layout["values"] | list %}
{% if layout.country_names and "country_code" not in mapped %}
{% set mapped = mapped + ["country_code"] %}
{% endif %}
{% set stated = delivered.places | list + layout.constants | list %}
-- One statement: of views, DuckDB would plan each again in the next.
COPY (
    WITH named AS (
        SELECT
            {% for name in delivered.ours + columns_of_layouts | list %}
            {% if name in delivered.places %}
            {{ field(name) }} AS "{{ name }}",
            {% else %}
            {{ quoted(layout.constants[name]) if name in layout.constants else "NULL" }}::VARCHAR AS "{{ name }}",
            {% endif %}
            {% endfor %}
            clean_id(trim("order_id")) AS order_key,
            number AS row_number,
            is_refund,
            left_out IS NOT NULL AS is_of_order
        FROM kinds
        WHERE
            left_out IS NULL
            {% if layout.skip_without %}
            -- A line of the order itself, without a product, has values of the order.
            OR (left_out = {{ quoted("without " ~ layout.skip_without) }} AND trim("{{ id_place }}") <> '')
            {% endif %}
    ),

    -- Values of the whole order are on one of its lines.
    complete AS (
        SELECT * REPLACE (
            {% for name in delivered.places if name.startswith("order_") and name.endswith("_amount") and layout.skip_without %}
            first_value(nullif(trim("{{ name }}"), '') IGNORE NULLS) OVER whole AS "{{ name }}",
            {% endfor %}
            row_number AS row_number
        )
        FROM named
        WINDOW whole AS (
            PARTITION BY order_key ORDER BY row_number
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ),

    mapped AS (
        SELECT complete.* REPLACE (
            {% for name in mapped %}
            coalesce("map of {{ name }}".value, complete."{{ name }}") AS "{{ name }}",
            {% endfor %}
            complete.row_number AS row_number
        )
        FROM complete
        {% for name in mapped %}
        LEFT JOIN (
            SELECT
                text,
                arg_min(value, rowid) AS value
            FROM value_map
            WHERE name = '{{ name }}'
            GROUP BY text
        ) AS "map of {{ name }}"
            ON lower(coalesce(plain_text(complete."{{ name }}"), '')) = "map of {{ name }}".text
        {% endfor %}
        WHERE NOT complete.is_of_order
    ),

    -- A refund has the number of the line that it returns, if the file has that line.
    numbered AS (
        {% if layout.number_lines %}
        SELECT * REPLACE (
            CASE
                WHEN NOT is_refund
                    THEN (row_number() OVER (PARTITION BY order_key, is_refund ORDER BY row_number))::VARCHAR
            END AS line_number
        )
        FROM mapped
        {% else %}
        FROM mapped
        WHERE NOT getvariable('numbers_are_texts')
        UNION ALL BY NAME
        SELECT * EXCLUDE (are_numbers, first_row) REPLACE (
            CASE
                WHEN are_numbers THEN line_number
                WHEN first_row IS NOT NULL
                    THEN (dense_rank() OVER (PARTITION BY order_key ORDER BY first_row))::VARCHAR
            END AS line_number
        )
        FROM (
            SELECT
                *,
                bool_and(as_position(line_number) IS NOT NULL) OVER (PARTITION BY order_key) AS are_numbers,
                min(CASE WHEN NOT is_refund AND trim(line_number) <> '' THEN row_number END)
                    OVER (PARTITION BY order_key, trim(line_number))
                    AS first_row
            FROM mapped
            WHERE getvariable('numbers_are_texts')
        ) AS lines
        {% endif %}
    ),

    converted AS (
        SELECT * REPLACE (
            {% for name in ["ordered_at", "updated_at", "refunded_at"] if layout.date_format and name in delivered.places %}
            CASE
                WHEN trim({{ name }}) = '' THEN {{ name }}
                ELSE coalesce(
                    strftime(
                        coalesce({% for format in layout.date_format %}{{ instant(month_named("trim(" ~ name ~ ")", format), format) }}{{ ", " if not loop.last }}{% endfor %})
                        AT TIME ZONE 'UTC',
                        '%Y-%m-%dT%H:%M:%S.%fZ'
                    ),
                    {{ name }} || {{ quoted(" (does not match " ~ layout.date_format | join(" or ") ~ ")") }}
                )
            END AS {{ name }},
            {% endfor %}
            {% for name in amounts if name in delivered.places %}
            {% if name == "tax_rate" %}
            {% set number = "plain_number(rtrim(tax_rate, ' %'), currency) || regexp_extract(tax_rate, ' *%?$')" %}
            {% else %}
            {% set number = "plain_number(" ~ name ~ ", currency)" %}
            {% endif %}
            {% set number = "turned(" ~ number ~ ")" if name in layout.negated else number %}
            CASE WHEN is_refund THEN ltrim({{ number }}, '-') ELSE {{ number }} END AS {{ name }},
            {% endfor %}
            row_number AS row_number
        )
        FROM numbered
    ),

    {% if layout.prices_include_tax or computed | select("in", stated) | list %}
    {% include "extract/delivered_files/computed_amounts.sql" %}
    {% else %}
    computed AS (
        SELECT
            *,
            CASE WHEN is_refund THEN product_of(as_amount(quantity), as_amount(unit_price))::VARCHAR END AS gross_amount
        FROM converted
    )
    {% endif %}

    SELECT
        {% for name in delivered.ours %}
        "{{ name }}",
        {% endfor %}
        gross_amount,
        shipping_amount,
        shipping_tax_amount,
        fee_amount,
        refunded_at,
        is_refund,
        row_number,
        getvariable('file') AS file,
        getvariable('partner') AS partner,
        getvariable('received_at') AS received_at
    FROM computed
) TO '{{ lines }}' (FORMAT parquet, COMPRESSION snappy);

SELECT
    json_object(
        'kind', 'rows_left_out',
        'file', getvariable('file'),
        'rows', sum(records)::BIGINT,
        'kinds', string_agg(left_out || ' (' || records || ')', ', ' ORDER BY records DESC, left_out)
    )::VARCHAR AS warning
FROM (
    SELECT
        left_out,
        count(*) AS records
    FROM kinds
    WHERE left_out IS NOT NULL
    GROUP BY left_out
) AS counts
HAVING count(*) > 0
