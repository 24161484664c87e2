-- Mailed figures that have changed since the last report of an earlier day was mailed.
SELECT
    business_date,
    figure,
    old AS old_value,
    `new` AS new_value,
    reason,
    detected_at
FROM {{ table("report_restatements") }}
WHERE business_date <= {{ day }}
    AND detected_at > (
        SELECT COALESCE(MAX(sent_at), TIMESTAMP '2000-01-01 00:00:00+00')
        FROM {{ table("report_deliveries") }}
        WHERE state = 'sent'
            AND business_date < {{ day }}
    )
ORDER BY business_date DESC, figure, detected_at
