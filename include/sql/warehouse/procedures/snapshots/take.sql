{# Before a history load: every table it may touch as it is now, one statement each. How long they are kept is set
   when they are there (plugins/ecommerce/warehouse/snapshots.py). #}
{% for name in snapshot_tables %}
CREATE SNAPSHOT TABLE {{ snapshot(name) }}
CLONE {{ table(name) }};

{% endfor %}
