{#
  The checks of a domain's tables. Each is one SELECT of a `checks.sql` and returns the failing rows: the name of the check,
  which begins with the folder of its table; its severity; a `sample`, which describes the row; and, of a check of single
  rows, their day (`failed_on`) and the run that loaded them (`loaded_by`). The check's row in include/data_warnings.csv, found
  by its name, has the words of reports and logs.

  `error` stops the run before anything is mailed or announced: for figures that are wrong. `warn` becomes a warning of the
  report: for values that are possible but unlikely.

  Scope, the condition on `business_date` of the statement:
  - an `error` covers all days that the load touched: `days("business_date")`;
  - a `warn` about the report covers the run's day: `business_date = {{ business_date }}`;
  - a `warn` about loaded rows covers all days that the load touched, and returns `failed_on` and `loaded_by`. Failing rows of
    other days that this run loaded are a row of their own, with `other_days`; older ones belong to the reports of those days.

  One statement for all, because each job costs BigQuery a second.
#}
SELECT
    check_name,
    severity,
    COUNT(*) AS failing_rows,
    MIN(sample) AS sample,
    STRING_AGG(
        DISTINCT IF(failed_on <> {{ business_date }}, CAST(failed_on AS STRING), NULL), ' '
    ) AS other_days
FROM (
    {% for table in checked_tables if table in spec.tables %}
    (
{% include "warehouse/tables/" ~ table ~ "/checks.sql" %}
    )
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
) AS failing
WHERE failed_on IS NULL OR failed_on = {{ business_date }} OR loaded_by = @run_id
GROUP BY check_name, severity, COALESCE(failed_on <> {{ business_date }}, FALSE)
ORDER BY check_name, other_days
