-- The accuracy of each candidate as ratios (0.1 is 10 %), NULL without sales: the WAPE of `weekly` sums by kind of
-- series, their mean `score`, by which candidates are compared, the same `by_origin`, and the `bias` of the total, the
-- sum of the categories. The table `past` has the forecasts and the actual sales of each series and day, NULL where
-- unknown; the variable `candidates` is the list of the candidates' names.
WITH series_and_total AS (
    SELECT
        candidate,
        series,
        origin,
        day,
        forecast,
        actual
    FROM past
    UNION ALL
    SELECT
        candidate,
        'total' AS series,
        origin,
        day,
        sum(forecast) AS forecast,
        -- A series that could not be forecast is in neither sum.
        sum(actual) FILTER (forecast IS NOT NULL) AS actual
    FROM past
    WHERE starts_with(series, 'category:')
    GROUP BY candidate, origin, day
),

weeks AS (
    SELECT
        candidate,
        series,
        origin,
        day // 7 AS week,
        split_part(series, ':', 1) AS kind,
        sum(forecast) AS forecast,
        sum(actual) AS actual,
        -- A week with an unknown day does not count.
        count(forecast + actual) = 7 AS is_known
    FROM series_and_total
    GROUP BY candidate, series, origin, week
),

sums AS (
    SELECT
        candidate,
        kind,
        origin,
        coalesce(sum(abs(forecast - actual)) FILTER (is_known), 0) AS missed,
        coalesce(sum(forecast) FILTER (is_known), 0) AS forecast,
        coalesce(sum(actual) FILTER (is_known), 0) AS actual
    FROM weeks
    GROUP BY candidate, kind, origin
),

origins AS (
    SELECT
        candidate,
        origin,
        avg(CASE WHEN actual > 0 THEN missed / actual END) AS error
    FROM sums
    WHERE kind <> 'total'
    GROUP BY candidate, origin
),

kinds AS (
    SELECT
        candidate,
        kind,
        CASE WHEN sum(actual) > 0 THEN sum(missed) / sum(actual) END AS error,
        CASE WHEN sum(actual) > 0 THEN (sum(forecast) - sum(actual)) / sum(actual) END AS bias
    FROM sums
    GROUP BY candidate, kind
),

by_origin AS (
    SELECT
        candidate,
        list(round(error, 6) ORDER BY origin) AS by_origin
    FROM origins
    GROUP BY candidate
)

SELECT
    candidate,
    round(avg(error) FILTER (kind <> 'total'), 6) AS score,
    any_value(by_origin) AS by_origin,
    map_from_entries(list((kind, round(error, 6)) ORDER BY kind) FILTER (kind <> 'total')) AS weekly,
    -- Plus zero: never minus zero.
    any_value(round(bias, 6) + 0) FILTER (kind = 'total') AS bias
FROM kinds
LEFT JOIN by_origin USING (candidate)
GROUP BY candidate
ORDER BY list_position(getvariable('candidates'), candidate)
