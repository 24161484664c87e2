{#
  The steps of the funnel in order, each with the column of `sessions` that records whether it was reached, and the rules
  for sessions that several files use.
#}
{% set STEPS = [
    ("view_item", "viewed"), ("add_to_cart", "added"), ("begin_checkout", "checkout"), ("purchase", "purchased"),
] %}

{# A step without events in this many days, including the day itself, is left out of the day's funnel. #}
{% set STEP_DAYS = 28 %}

{# The types of the steps, for IN (…). #}
{% macro step_types() -%}
{% for type, reached in STEPS %}'{{ type }}'{{ ", " if not loop.last }}{% endfor %}
{%- endmacro %}

{# The position of an event type in the funnel; other types follow the last step. #}
{% macro place_of(event_type) -%}
CASE {{ event_type }}{% for type, reached in STEPS %} WHEN '{{ type }}' THEN {{ loop.index }}{% endfor %} ELSE {{ STEPS | length + 1 }} END
{%- endmacro %}

{#
  Whether a session is that of a bot: an event has the user agent of a known bot, or the session has at least 100 events
  and on average at least one every two seconds. An aggregate over the session's events.
#}
{% macro is_bot_session(is_bot, occurred_at) -%}
LOGICAL_OR({{ is_bot }})
    OR (
        COUNT(*) >= 100
        AND TIMESTAMP_DIFF(MAX({{ occurred_at }}), MIN({{ occurred_at }}), MICROSECOND) <= 2000000 * COUNT(*)
    )
{%- endmacro %}
