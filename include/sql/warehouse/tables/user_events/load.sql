-- Only on days that are recomputed: older events would expire at once.
DELETE FROM `sales.user_events` AS stored
WHERE
    {{ days("stored.business_date") }}
    AND EXISTS (
        SELECT 1
        FROM `sales_staging.leaving_events` AS leaving
        WHERE leaving.event_id = stored.event_id
    );

INSERT INTO `sales.user_events` (
    {{ columns("user_events") | map(attribute="name") | join(", ") }}
)
SELECT
    {% for column in columns("user_events") %}
    staged.{{ column.name }}{{ "," if not loop.last }}
    {% endfor %}
FROM `sales_staging.user_events` AS staged
INNER JOIN `sales_staging.arriving_events` AS arriving
    ON staged.event_id = arriving.event_id
WHERE {{ days("staged.business_date") }};
