{#
  Whether a stored event belongs to the slice that one read returns completely: all events received in its window, or,
  where the window ends before the read, only those of its business day. `reading` is the staged row of load_audit.
#}
{% macro in_slice(stored, reading) -%}
{{ stored }}.received_at >= {{ reading }}.window_start
        AND {{ stored }}.received_at < {{ reading }}.window_end
        AND {{ stored }}.read_at <= {{ reading }}.read_at
        AND ({{ reading }}.window_end = {{ reading }}.read_at OR {{ stored }}.business_date = {{ reading }}.business_date)
{%- endmacro %}
