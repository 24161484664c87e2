-- Every run reads the whole catalogue, so only the rejected entries of the day's latest read are kept.
DELETE FROM `sales.rejected_rows` AS stored
WHERE
    stored.business_date = {{ business_date }}
    AND stored.source IN ({{ sources }})
    AND stored.run_id <> (
        SELECT newest.run_id
        FROM `sales.load_audit` AS newest
        WHERE
            newest.business_date = {{ business_date }}
            AND newest.source IN ({{ sources }})
        ORDER BY newest.read_at DESC, newest.run_id DESC
        LIMIT 1
    );
