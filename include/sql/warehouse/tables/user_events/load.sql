-- Only on days that are recomputed: older events would expire at once.
DELETE FROM {{ table("user_events") }} AS stored
WHERE
    {{ days("stored.business_date") }}
    AND EXISTS (
        SELECT 1
        FROM {{ staged("leaving_events") }} AS leaving
        WHERE leaving.event_id = stored.event_id
    );

INSERT INTO {{ table("user_events") }} (
    {{ columns("user_events") | map(attribute="name") | join(", ") }}
)
SELECT
    {% for column in columns("user_events") %}
    staged.{{ column.name }}{{ "," if not loop.last }}
    {% endfor %}
FROM {{ staged("user_events") }} AS staged
INNER JOIN {{ staged("arriving_events") }} AS arriving
    ON staged.event_id = arriving.event_id
WHERE {{ days("staged.business_date") }};
