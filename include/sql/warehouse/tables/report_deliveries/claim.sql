-- Claims a delivery unless it is claimed, or is the last one sent. A claim that was not marked as sent is sent with
-- current figures. Earlier figures that return after a correction are claimed again, under another Message-ID: mail
-- programs would hide a copy of the first mail.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

MERGE {{ table("report_deliveries") }} AS stored
USING (
    SELECT
        {{ business_date }} AS business_date,
        {{ figures_hash }} AS figures_hash,
        {{ message_id }} AS message_id,
        {{ figures_at }} AS figures_at,
        MAX(sent_at) AS last_sent_at
    FROM {{ table("report_deliveries") }}
    WHERE business_date = {{ business_date }}
) AS claimed
    ON
        stored.business_date = claimed.business_date
        AND stored.figures_hash = claimed.figures_hash
WHEN MATCHED AND stored.state = 'claimed' THEN
    UPDATE SET figures_at = claimed.figures_at
WHEN MATCHED AND stored.sent_at < claimed.last_sent_at THEN
    UPDATE SET
        message_id = REPLACE(
            claimed.message_id, '@', CONCAT('.', CAST(UNIX_MICROS(claimed.last_sent_at) AS STRING), '@')
        ),
        state = 'claimed',
        sent_at = NULL,
        figures_at = claimed.figures_at
WHEN NOT MATCHED THEN
    INSERT (business_date, figures_hash, message_id, state, sent_at, figures_at)
    VALUES (
        claimed.business_date, claimed.figures_hash, claimed.message_id, 'claimed', NULL, claimed.figures_at
    );

COMMIT TRANSACTION;

SELECT
    message_id,
    state
FROM {{ table("report_deliveries") }}
WHERE
    business_date = {{ business_date }}
    AND figures_hash = {{ figures_hash }};
