-- Deletes the rejected records of earlier reads whose whole window this read covers.
DELETE FROM `sales.rejected_rows` AS stored
WHERE
    {{ read_days("stored.business_date", before=2, after=1) }}
    AND stored.source IN (SELECT source FROM `sales_staging.load_audit`)
    AND CONCAT(CAST(stored.business_date AS STRING), ' ', stored.run_id) IN (
        SELECT CONCAT(CAST(earlier.business_date AS STRING), ' ', earlier.run_id)
        FROM `sales.load_audit` AS earlier
        INNER JOIN `sales_staging.load_audit` AS reading
            ON earlier.source = reading.source
        WHERE
            {{ read_days("earlier.business_date", before=2, after=1) }}
            AND earlier.read_at <= reading.read_at
            AND earlier.window_start >= reading.window_start
            AND earlier.window_end <= reading.window_end
            AND (
                reading.window_end = reading.read_at
                OR (earlier.window_end <> earlier.read_at AND earlier.business_date = reading.business_date)
            )
    );
