-- Business days with a daily run: a run with an audit row, of any status, for every source that existed by then. A run
-- that read a single source is not a daily run unless only one source exists.
WITH audit AS (
    SELECT
        business_date,
        run_id,
        source
    FROM `sales.load_audit`
    WHERE business_date BETWEEN DATE '0001-01-01' AND {{ day }}
        AND source IN ({{ sources }})
        AND status <> 'history'
),

first_days AS (
    SELECT
        source,
        MIN(business_date) AS first_day
    FROM audit
    GROUP BY source
),

runs AS (
    SELECT
        business_date,
        run_id,
        COUNT(DISTINCT source) AS sources
    FROM audit
    GROUP BY business_date, run_id
),

daily_runs AS (
    SELECT
        runs.business_date,
        runs.run_id
    FROM runs
    INNER JOIN first_days
        ON runs.business_date >= first_days.first_day
    WHERE runs.sources > 1
        OR ARRAY_LENGTH([{{ sources }}]) = 1
    GROUP BY runs.business_date, runs.run_id, runs.sources
    HAVING COUNT(*) = runs.sources
)

SELECT DISTINCT business_date
FROM daily_runs
ORDER BY business_date
