-- Number of lines in a part that were received outside the requested slice.
SELECT count(*) AS lines
FROM read_parquet(getvariable('part'))
WHERE is_outside_slice(received_at);
