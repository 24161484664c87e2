-- Several tasks may use an empty warehouse at the same time: only the first one inserts rows.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

INSERT INTO `sales.warehouse_settings` (setting, value)
SELECT
    current_settings.setting,
    current_settings.value
FROM (
    SELECT
        'timezone' AS setting,
        {{ shop_timezone }} AS value
    UNION ALL
    SELECT
        'reporting_currency' AS setting,
        {{ reporting_currency }} AS value
    UNION ALL
    SELECT
        'hash_key_fingerprint' AS setting,
        {{ hash_key_fingerprint }} AS value
) AS current_settings
WHERE NOT EXISTS (SELECT 1 FROM `sales.warehouse_settings`);

COMMIT TRANSACTION;
