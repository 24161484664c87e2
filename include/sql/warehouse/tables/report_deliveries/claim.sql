-- Claims the mails of a day or period unless another run has claimed them, or they are the last ones sent: that of the
-- daily report, or those of subscriptions, each by its own rows. A claim that was not marked as sent is sent with current
-- figures: at once by the run that claimed it, by another run when the lease has ended. Until then, other figures are not
-- claimed either, because both mails would be first ones. Earlier figures that return after a correction are claimed again,
-- under another Message-ID: mail programs would hide a copy of the first mail. `only_first` is 1 where no other mail than the
-- first one is claimed, else 0. Net sales are in ten-thousandths.
{% macro subscription(name) -%}
{{ "'" ~ name ~ "'" if name else "CAST(NULL AS STRING)" }}
{%- endmacro %}

{% macro is_being_sent() -%}
state = 'claimed'
AND claimed_by <> {{ owner }}
AND claimed_until >= CURRENT_TIMESTAMP()
{%- endmacro %}
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

MERGE `sales.report_deliveries` AS stored
USING (
    SELECT
        mails.subscription,
        mails.figures_hash,
        mails.message_id,
        mails.figures_at,
        mails.net_sales,
        {{ business_date }} AS business_date,
        {{ owner }} AS claimed_by,
        TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL mails.lease_seconds SECOND) AS claimed_until,
        latest.sent_at AS last_sent_at
    FROM (
        {% for name in hashes %}
        SELECT
            {{ subscription(name) }} AS subscription,
            {{ hashes[name] }} AS figures_hash,
            {{ message_ids[name] }} AS message_id,
            {{ queried_at[name] }} AS figures_at,
            CAST({{ net_sales[name] }} AS INT64) / NUMERIC '10000' AS net_sales,
            {{ leases[name] }} AS lease_seconds
        {{ "UNION ALL" if not loop.last }}
        {% endfor %}
    ) AS mails
    LEFT JOIN (
        SELECT
            COALESCE(subscription, '') AS name,
            MAX(sent_at) AS sent_at,
            LOGICAL_OR({{ is_being_sent() }}) AS is_being_sent
        FROM `sales.report_deliveries`
        WHERE business_date = {{ business_date }}
        GROUP BY COALESCE(subscription, '')
    ) AS latest
        ON COALESCE(mails.subscription, '') = latest.name
    WHERE NOT COALESCE(latest.is_being_sent, FALSE)
) AS claimed
    ON
        stored.business_date = claimed.business_date
        AND stored.figures_hash = claimed.figures_hash
        AND COALESCE(stored.subscription, '') = COALESCE(claimed.subscription, '')
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
WHEN MATCHED AND stored.sent_at < claimed.last_sent_at AND {{ only_first }} = 0 THEN
    UPDATE SET
        message_id = REPLACE(
            claimed.message_id, '@', CONCAT('.', CAST(UNIX_MICROS(claimed.last_sent_at) AS STRING), '@')
        ),
        state = 'claimed',
        sent_at = NULL,
        figures_at = claimed.figures_at,
        claimed_by = claimed.claimed_by,
        claimed_until = claimed.claimed_until
WHEN NOT MATCHED AND ({{ only_first }} = 0 OR claimed.last_sent_at IS NULL) THEN
    INSERT (
        business_date,
        figures_hash,
        message_id,
        state,
        sent_at,
        figures_at,
        claimed_by,
        claimed_until,
        subscription,
        net_sales
    )
    VALUES (
        claimed.business_date,
        claimed.figures_hash,
        claimed.message_id,
        'claimed',
        NULL,
        claimed.figures_at,
        claimed.claimed_by,
        claimed.claimed_until,
        claimed.subscription,
        claimed.net_sales
    );

COMMIT TRANSACTION;

SELECT
    COALESCE(subscription, '') AS subscription,
    figures_hash,
    message_id,
    state,
    claimed_by
FROM `sales.report_deliveries`
WHERE
    business_date = {{ business_date }}
    AND (
        {% for name in hashes %}
        (
            COALESCE(subscription, '') = '{{ name }}'
            AND (figures_hash = {{ hashes[name] }} OR ({{ is_being_sent() }}))
        )
        {{ "OR" if not loop.last }}
        {% endfor %}
    );
