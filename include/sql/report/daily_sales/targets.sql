{% from "warehouse/macros/target_progress.sql" import target_progress with context %}
-- The targets of the month of the day, what is reached of them, and where the month will land; the whole shop first.
{{ target_progress(day) }}
ORDER BY channel <> 'total', channel
