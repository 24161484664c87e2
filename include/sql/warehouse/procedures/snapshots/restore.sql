-- Takes a history load back: every table is again as its snapshot shows it, in one transaction. What other runs
-- loaded since then goes too, and comes back when they are run again.
BEGIN TRANSACTION;

{# BigQuery changes at most 4,000 partitions, which are days here, in one statement. #}
{% set decades = [
    "business_date BETWEEN " ~ first_day ~ " AND DATE '2009-12-31'",
    "business_date BETWEEN DATE '2010-01-01' AND DATE '2019-12-31'",
    "business_date BETWEEN DATE '2020-01-01' AND DATE '2029-12-31'",
    "business_date >= DATE '2030-01-01'",
] %}
{% for name in snapshot_tables %}
{% set names = columns(name) | map(attribute="name") | list %}
{% set parts = decades if "business_date" in names else ["TRUE"] %}
{% for every in parts %}
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
{% endfor %}
COMMIT TRANSACTION;
