-- Loaded files of a source by name. `was_refused`: a later delivery of the file was unusable.
SELECT
    file,
    sha256,
    received_at,
    order_ids,
    file IN (
        SELECT refused.file
        FROM `sales.rejected_rows` AS refused
        WHERE
            refused.business_date >= DATE '0001-01-01'
            AND refused.source = @source
            AND refused.row_number = 0
    ) AS was_refused
FROM `sales.loaded_files`
WHERE
    source = @source
    AND file IN UNNEST(@files);
