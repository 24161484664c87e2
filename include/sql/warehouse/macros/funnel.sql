{#
  The steps of the funnel in order, the columns of `sessions` that say who reached them, and the rules of sessions that
  are needed in more than one place.
#}
{% set STEPS = [
    ("view_item", "viewed"), ("add_to_cart", "added"), ("begin_checkout", "checkout"), ("purchase", "purchased"),
] %}

{# For how many days, its own included, a day looks back for a step's events: without any, the step is left out. #}
{% set STEP_DAYS = 28 %}

{# The types of the steps, for IN (…). #}
{% macro step_types() -%}
{% for type, reached in STEPS %}'{{ type }}'{{ ", " if not loop.last }}{% endfor %}
{%- endmacro %}

{# The place of an event's type in the funnel; other types come after the steps. #}
{% macro place_of(event_type) -%}
CASE {{ event_type }}{% for type, reached in STEPS %} WHEN '{{ type }}' THEN {{ loop.index }}{% endfor %} ELSE {{ STEPS | length + 1 }} END
{%- endmacro %}

{#
  Whether a session is a bot's: a user agent of its events is one of the known bots, or it has at least 100 events and on
  average one at least every two seconds. An aggregate over the session's events.
#}
{% macro is_bot_session(is_bot, occurred_at) -%}
LOGICAL_OR({{ is_bot }})
    OR (
        COUNT(*) >= 100
        AND TIMESTAMP_DIFF(MAX({{ occurred_at }}), MIN({{ occurred_at }}), MICROSECOND) <= 2000000 * COUNT(*)
    )
{%- endmacro %}
