{% from "warehouse/macros/order_ids.sql" import ranges with context %}
-- Fills the table again where another release, or a person, has changed `orders`.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

DELETE FROM {{ table("stored_order_ids") }}
WHERE TRUE;

INSERT INTO {{ table("stored_order_ids") }} (
    {{ columns("stored_order_ids") | map(attribute="name") | join(", ") }}
)
{{ ranges(first_day ~ " <= business_date") }};

COMMIT TRANSACTION;
