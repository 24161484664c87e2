-- The latest delivery of a file is the one that counts, whichever run loads it first.
DELETE FROM {{ table("loaded_files") }} AS stored
WHERE EXISTS (
    SELECT 1
    FROM {{ staged("loaded_files") }} AS staged
    WHERE
        staged.source = stored.source
        AND staged.file = stored.file
        AND staged.received_at >= stored.received_at
);

INSERT INTO {{ table("loaded_files") }} (
    file, source, sha256, business_date, run_id, received_at, order_ids
)
SELECT
    staged.file,
    staged.source,
    staged.sha256,
    staged.business_date,
    staged.run_id,
    staged.received_at,
    staged.order_ids
FROM {{ staged("loaded_files") }} AS staged
WHERE NOT EXISTS (
    SELECT 1
    FROM {{ table("loaded_files") }} AS stored
    WHERE
        stored.source = staged.source
        AND stored.file = staged.file
);
