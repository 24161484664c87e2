-- Records that the mail server accepted the mail.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

UPDATE `sales.report_deliveries`
SET
    state = 'sent',
    sent_at = {{ sent_at }}
WHERE
    business_date = {{ business_date }}
    AND figures_hash = {{ figures_hash }};

COMMIT TRANSACTION;
