-- How many lines of a part say that they were received at another time than was asked for, by more than the tolerance.
SELECT count(*)
FROM read_parquet(getvariable('part'))
WHERE
  as_instant(received_at) < getvariable('slice_start') - getvariable('tolerance')
  OR as_instant(received_at) >= getvariable('slice_end') + getvariable('tolerance');
