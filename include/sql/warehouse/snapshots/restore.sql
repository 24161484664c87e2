-- Takes a history load back: every table is again as its snapshot shows it, in one transaction. What other runs
-- loaded since then goes too, and comes back when they are run again.
BEGIN TRANSACTION;

{% for name in snapshot_tables %}
{% set names = columns(name) | map(attribute="name") | list %}
{% set every = "business_date >= " ~ first_day if "business_date" in names else "TRUE" %}
DELETE FROM {{ table(name) }} AS stored
WHERE {{ every }};

INSERT INTO {{ table(name) }} (
    {% for column in names %}
    `{{ column }}`{{ "," if not loop.last }}
    {% endfor %}
)
SELECT
    {% for column in names %}
    `{{ column }}`{{ "," if not loop.last }}
    {% endfor %}
FROM {{ snapshot(name) }}
WHERE {{ every }};

{% endfor %}
COMMIT TRANSACTION;
