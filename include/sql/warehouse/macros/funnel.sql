{#
  The rules for funnel steps and sessions that several files use. The steps, in order, and the columns of `sessions` that
  record whether they were reached: view_item (viewed), add_to_cart (added), begin_checkout (checkout), purchase (purchased).
#}

{# A step without events in this many days, including the day itself, is left out of the day's funnel. #}
{% set STEP_DAYS = 28 %}

{# The types of the steps, for IN (…). #}
{% macro step_types() -%}
'view_item', 'add_to_cart', 'begin_checkout', 'purchase'
{%- endmacro %}

{# The position of an event type in the funnel; other types follow the last step. #}
{% macro place_of(event_type) -%}
CASE {{ event_type }} WHEN 'view_item' THEN 1 WHEN 'add_to_cart' THEN 2 WHEN 'begin_checkout' THEN 3 WHEN 'purchase' THEN 4 ELSE 5 END
{%- endmacro %}
