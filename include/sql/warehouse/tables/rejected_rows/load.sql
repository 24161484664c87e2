DELETE FROM {{ table("rejected_rows") }} AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.run_id IN (SELECT run_id FROM {{ staged("run") }})
    AND stored.source IN (SELECT source FROM {{ staged("load_audit") }});

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
