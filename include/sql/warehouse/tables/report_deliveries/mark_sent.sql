-- Records that the mail server accepted the mails of a day or period, by the names of their subscriptions; that of the daily
-- report has none.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

UPDATE `sales.report_deliveries`
SET
    state = 'sent',
    sent_at = {{ sent_at }}
WHERE
    business_date = {{ business_date }}
    AND (
        {% for name in hashes %}
        (COALESCE(subscription, '') = '{{ name }}' AND figures_hash = {{ hashes[name] }})
        {{ "OR" if not loop.last }}
        {% endfor %}
    );

COMMIT TRANSACTION;
