-- Claims a delivery unless another run has claimed it, or it is the last one sent. A claim that was not marked as sent
-- is sent with current figures: at once by the run that claimed it, by another run when the lease has ended. Earlier
-- figures that return after a correction are claimed again, under another Message-ID: mail programs would hide a copy of
-- the first mail.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

MERGE `sales.report_deliveries` AS stored
USING (
    SELECT
        {{ business_date }} AS business_date,
        {{ figures_hash }} AS figures_hash,
        {{ message_id }} AS message_id,
        {{ figures_at }} AS figures_at,
        {{ owner }} AS claimed_by,
        TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {{ lease_seconds }} SECOND) AS claimed_until,
        MAX(sent_at) AS last_sent_at
    FROM `sales.report_deliveries`
    WHERE business_date = {{ business_date }}
) AS claimed
    ON
        stored.business_date = claimed.business_date
        AND stored.figures_hash = claimed.figures_hash
WHEN
    MATCHED
    AND stored.state = 'claimed'
    AND (
        stored.claimed_by = claimed.claimed_by
        OR COALESCE(stored.claimed_until < CURRENT_TIMESTAMP(), TRUE)
    )
    THEN
    UPDATE SET
        figures_at = claimed.figures_at,
        claimed_by = claimed.claimed_by,
        claimed_until = claimed.claimed_until
WHEN MATCHED AND stored.sent_at < claimed.last_sent_at THEN
    UPDATE SET
        message_id = REPLACE(
            claimed.message_id, '@', CONCAT('.', CAST(UNIX_MICROS(claimed.last_sent_at) AS STRING), '@')
        ),
        state = 'claimed',
        sent_at = NULL,
        figures_at = claimed.figures_at,
        claimed_by = claimed.claimed_by,
        claimed_until = claimed.claimed_until
WHEN NOT MATCHED THEN
    INSERT (business_date, figures_hash, message_id, state, sent_at, figures_at, claimed_by, claimed_until)
    VALUES (
        claimed.business_date,
        claimed.figures_hash,
        claimed.message_id,
        'claimed',
        NULL,
        claimed.figures_at,
        claimed.claimed_by,
        claimed.claimed_until
    );

COMMIT TRANSACTION;

SELECT
    message_id,
    state,
    claimed_by
FROM `sales.report_deliveries`
WHERE
    business_date = {{ business_date }}
    AND figures_hash = {{ figures_hash }};
