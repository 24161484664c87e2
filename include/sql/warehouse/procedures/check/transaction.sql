-- Begins as every transaction does, and changes nothing.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

ROLLBACK TRANSACTION;
