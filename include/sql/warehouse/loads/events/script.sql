-- One load in one transaction: an uncaught error rolls everything back.
BEGIN TRANSACTION;

{% for part in [
    "loads/lock", "tables/user_events/load", "tables/daily_events/load", "tables/sessions/load",
    "tables/daily_funnel/load", "loads/events/delete_rejects", "tables/rejected_rows/load", "tables/load_audit/load"
] %}
{% include "warehouse/" ~ part ~ ".sql" %}

{% endfor %}
COMMIT TRANSACTION;
