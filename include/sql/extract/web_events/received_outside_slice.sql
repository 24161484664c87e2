-- Number of lines in a part that were received outside the requested slice by more than the tolerance.
SELECT count(*) AS lines
FROM read_parquet(getvariable('part'))
WHERE
  as_instant(received_at) NOT BETWEEN getvariable('slice_start') - getvariable('tolerance')
  AND getvariable('slice_end') + getvariable('tolerance') - INTERVAL 1 MICROSECOND;
