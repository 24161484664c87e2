-- Before the transaction: of which days is it known by now what came? Those of the last five weeks, in which late orders
-- and refunds still change days that were compared before.

{% include "warehouse/loads/audit_state.sql" %}

SELECT day AS business_date
FROM {{ staged("run") }} AS run
CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(DATE_SUB(run.business_date, INTERVAL 34 DAY), run.business_date)) AS day;
