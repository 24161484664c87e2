-- The latest delivery of a file wins, whichever run loads first. Another run may have loaded a delivery that the extract
-- of the arriving one did not know: its orders are kept in `order_ids`, and the next run reads the file again and removes
-- those that it lacks.
{% set is_known -%}
COALESCE(stored.sha256 = arriving.sha256 OR STRPOS(arriving.known_deliveries, stored.sha256) > 0, TRUE)
{%- endset %}
{% set names = columns("loaded_files") | map(attribute="name") | list %}
{% if stored["loaded_files"] %}
MERGE INTO {{ table("loaded_files") }} AS stored
USING (
    SELECT
        {% for name in names %}
        delivered.{{ name }},
        {% endfor %}
        audit.known_deliveries
    FROM {{ staged("loaded_files") }} AS delivered
    INNER JOIN {{ staged("load_audit") }} AS audit
        ON delivered.source = audit.source
) AS arriving
    ON
        {{ any_of(stored["loaded_files"], "stored.business_date") }}
        AND stored.source = arriving.source
        AND stored.file = arriving.file
WHEN MATCHED AND arriving.received_at >= stored.received_at THEN
    UPDATE SET
        {% for name in names if name not in ("sha256", "order_ids") %}
        {{ name }} = arriving.{{ name }},
        {% endfor %}
        sha256 = CONCAT(IF({{ is_known }}, '', 'read again '), arriving.sha256),
        order_ids = IF(
            {{ is_known }},
            arriving.order_ids,
            ARRAY(
                SELECT order_id FROM UNNEST(stored.order_ids) AS order_id
                UNION DISTINCT
                SELECT order_id FROM UNNEST(arriving.order_ids) AS order_id
            )
        )
WHEN NOT MATCHED THEN
    INSERT ({{ names | join(", ") }})
    VALUES (arriving.{{ names | join(", arriving.") }});

{% else %}
INSERT INTO {{ table("loaded_files") }} ({{ names | join(", ") }})
SELECT
    {{ names | join(",\n    ") }}
FROM {{ staged("loaded_files") }};
{% endif %}
