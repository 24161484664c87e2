-- The latest delivery of a file wins, whichever run loads first. Another run may have loaded a delivery that the extract
-- of the arriving one did not know. The order ids of that delivery stay in `order_ids`, and the next run reads the file
-- again and removes the orders that the file lacks. This load cannot: another file may have them. A file is read again, too,
-- where another run has loaded a version or refunds of its orders that this load's refunds do not go with.
--
{% from "warehouse/macros/deliveries.sql" import unknown_refunds with context %}
-- BigQuery allows no correlated subquery in the clauses of a MERGE, so its source has the final values.
{% set is_known -%}
COALESCE(former.sha256 = delivered.sha256 OR STRPOS(audit.known_deliveries, former.sha256) > 0, TRUE)
{%- endset %}
{% set names = columns("loaded_files") | map(attribute="name") | list %}
{% set has_refunds = "loaded_files" in arriving and ("refunds" in arriving or stored["refunds"]) %}
{% if stored["loaded_files"] or has_refunds %}
MERGE INTO `sales.loaded_files` AS stored
USING (
    SELECT
        delivered.* EXCEPT (sha256, order_ids),
        CONCAT(
            IF({{ is_known }}{{ " AND unsettled.file IS NULL" if has_refunds }}, '', 'read again '), delivered.sha256
        ) AS sha256,
        IF(
            {{ is_known }},
            delivered.order_ids,
            ARRAY(
                SELECT DISTINCT order_id FROM UNNEST(ARRAY_CONCAT(former.order_ids, delivered.order_ids)) AS order_id
            )
        ) AS order_ids
    FROM `sales_staging.loaded_files` AS delivered
    INNER JOIN `sales_staging.load_audit` AS audit
        ON
            delivered.source = audit.source
            AND audit.business_date = {{ business_date }}
    LEFT JOIN `sales.loaded_files` AS former
        ON
            {{ any_of(stored["loaded_files"], "former.business_date") }}
            AND delivered.source = former.source
            AND delivered.file = former.file
    {% if has_refunds %}
    LEFT JOIN (
        SELECT DISTINCT
            named.source,
            named.file
        FROM `sales_staging.loaded_files` AS named
        CROSS JOIN UNNEST(named.order_ids) AS named_order
        INNER JOIN (
            SELECT
                staged.source,
                staged.order_id
            FROM `sales_staging.refunds` AS staged
            LEFT JOIN `sales_staging.replaced_orders` AS replaced
                ON
                    staged.source = replaced.source
                    AND staged.order_id = replaced.order_id
            WHERE replaced.order_id IS NULL
            {% if stored["refunds"] %}
            UNION ALL
            SELECT
                unknown.source,
                unknown.order_id
            FROM (
{{ unknown_refunds() | indent(16, first=True) }}
            ) AS unknown
            {% endif %}
        ) AS refunded
            ON
                named.source = refunded.source
                AND named_order = refunded.order_id
    ) AS unsettled
        ON
            delivered.source = unsettled.source
            AND delivered.file = unsettled.file
    {% endif %}
) AS arriving
    ON
        {{ any_of(stored["loaded_files"], "stored.business_date") }}
        AND stored.source = arriving.source
        AND stored.file = arriving.file
WHEN MATCHED AND arriving.received_at >= stored.received_at THEN
    UPDATE SET
        {% for name in names %}
        {{ name }} = arriving.{{ name }}{{ "," if not loop.last }}
        {% endfor %}
WHEN NOT MATCHED THEN
    INSERT ({{ names | join(", ") }})
    VALUES (arriving.{{ names | join(", arriving.") }});

{% elif "loaded_files" in arriving %}
INSERT INTO `sales.loaded_files` ({{ names | join(", ") }})
SELECT
    {{ names | join(",\n    ") }}
FROM `sales_staging.loaded_files`;
{% endif %}
