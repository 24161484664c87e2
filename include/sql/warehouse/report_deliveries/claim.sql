-- Claim a delivery, unless somebody did before.
MERGE {{ table("report_deliveries") }} AS stored
USING (
    SELECT
        @business_date AS business_date,
        @figures_hash AS figures_hash,
        @message_id AS message_id
) AS claimed
    ON
        stored.business_date = claimed.business_date
        AND stored.figures_hash = claimed.figures_hash
WHEN NOT MATCHED THEN
    INSERT (business_date, figures_hash, message_id, state, sent_at)
    VALUES (claimed.business_date, claimed.figures_hash, claimed.message_id, 'claimed', NULL);
