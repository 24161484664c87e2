-- The latest delivery of a file wins, whichever run loads first.
{% if stored["loaded_files"] %}
DELETE FROM {{ table("loaded_files") }} AS stored
WHERE
    {{ any_of(stored["loaded_files"], "stored.business_date") }}
    AND EXISTS (
        SELECT 1
        FROM {{ staged("loaded_files") }} AS staged
        WHERE
            staged.source = stored.source
            AND staged.file = stored.file
            AND staged.received_at >= stored.received_at
    );

{% endif %}
INSERT INTO {{ table("loaded_files") }} (
    {{ columns("loaded_files") | map(attribute="name") | join(", ") }}
)
SELECT
    {% for column in columns("loaded_files") %}
    staged.{{ column.name }}{{ "," if not loop.last }}
    {% endfor %}
FROM {{ staged("loaded_files") }} AS staged
WHERE NOT EXISTS (
    SELECT 1
    FROM {{ table("loaded_files") }} AS stored
    WHERE
        {{ any_of(stored["loaded_files"], "stored.business_date") }}
        AND stored.source = staged.source
        AND stored.file = staged.file
);
