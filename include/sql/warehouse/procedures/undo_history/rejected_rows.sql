-- Deletes the rejected records of an export together with its orders.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

DELETE FROM `sales.rejected_rows` AS stored
WHERE
    stored.business_date >= DATE '0001-01-01'
    AND stored.source = {{ source }};

COMMIT TRANSACTION;
