-- Runs before the transaction: the days whose actual sales are updated. These are the ended days of this forecast and
-- of the five weeks before it, in which late orders may still change the actual sales.

CREATE OR REPLACE TABLE `sales_staging.touched_days` AS
SELECT day AS business_date
FROM `sales_staging.load_audit` AS run
CROSS JOIN
    UNNEST(
        GENERATE_DATE_ARRAY(
            DATE_SUB(run.business_date, INTERVAL 34 DAY),
            GREATEST(
                run.business_date,
                LEAST(
                    DATE_ADD(run.business_date, INTERVAL 28 DAY),
                    DATE_SUB(DATE({{ looked_up_at }}, {{ shop_timezone }}), INTERVAL 1 DAY)
                )
            )
        )
    ) AS day;
