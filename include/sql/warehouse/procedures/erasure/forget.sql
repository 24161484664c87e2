{% from "warehouse/macros/forgotten.sql" import forget, remember_orders with context %}
-- Clears what the warehouse holds about forgotten customers, in one transaction: their orders are remembered by their
-- hashes, and lose the customer and all free text. Figures stay. `stored` has the days that find.sql found.
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

{% if stored["orders"] %}
{{ remember_orders("`sales.orders`", any_of(stored["orders"], "orders.business_date")) }}

{% endif %}
{% for name in ["refunds", "rejected_rows", "user_events", "order_lines", "orders"] if stored[name] %}
{{ forget(name, "`sales." ~ name ~ "`", "`sales.forgotten_hashes`", any_of(stored[name], "business_date")) }}

{% endfor %}
{{ forget("customers", "`sales.customers`", "`sales.forgotten_hashes`") }}

COMMIT TRANSACTION;
