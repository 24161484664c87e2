-- Judges all days again: an earlier version had no `empty_sources`, or `HOLIDAYS` was another.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

{% include "warehouse/tables/daily_summary/empty_sources.sql" %}

COMMIT TRANSACTION;
