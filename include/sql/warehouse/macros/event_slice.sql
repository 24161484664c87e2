{#
  What one read of the web events states completely: the events received in its window, all of them, or, where the window
  ends at another instant than the read's, those of its business day. `reading` is the staged row of load_audit.
#}
{% macro in_slice(stored, reading) -%}
{{ stored }}.received_at >= {{ reading }}.window_start
        AND {{ stored }}.received_at < {{ reading }}.window_end
        AND {{ stored }}.read_at <= {{ reading }}.read_at
        AND ({{ reading }}.window_end = {{ reading }}.read_at OR {{ stored }}.business_date = {{ reading }}.business_date)
{%- endmacro %}
