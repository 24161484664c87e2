-- A second load of a run replaces the rows of its sources. A repaired run does not read its loaded files again, so the
-- rejected records of these files are kept.
DELETE FROM {{ table("rejected_rows") }} AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM {{ staged("run") }})
    AND stored.source IN (SELECT source FROM {{ staged("load_audit") }})
    {%- if load == "orders" %}
    AND (
        stored.row_number = 0
        OR stored.file IN (SELECT file FROM {{ staged("loaded_files") }})
        OR COALESCE(stored.file NOT IN (SELECT file FROM {{ table("loaded_files") }}), TRUE)
    )
    {%- endif %};

INSERT INTO {{ table("rejected_rows") }} (
    business_date, source, run_id, row_number, reason, detail, file, raw, order_id
)
SELECT
    business_date,
    source,
    run_id,
    row_number,
    reason,
    detail,
    file,
    raw,
    order_id
FROM {{ staged("rejected_rows") }};
