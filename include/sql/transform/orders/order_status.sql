-- The statuses of an order, in lower case, and which of them are sales. Edit this list when your shop has others:
-- a status that is not here is kept with the order, does not count, and the report warns of it.
--
-- An unfinished draft has no date yet and belongs to no day; only drafts may lack one without an alarm.

CREATE TABLE order_status AS
FROM (
    VALUES
    ('processing', TRUE, FALSE),
    ('completed', TRUE, FALSE),
    ('shipped', TRUE, FALSE),
    ('delivered', TRUE, FALSE),
    ('refunded', TRUE, FALSE),
    ('partially_refunded', TRUE, FALSE),
    ('pending', FALSE, FALSE),
    ('on-hold', FALSE, FALSE),
    ('failed', FALSE, FALSE),
    ('cancelled', FALSE, FALSE),
    ('draft', FALSE, TRUE),
    ('checkout-draft', FALSE, TRUE),
    ('trash', FALSE, FALSE)
) AS list (status, is_sale, is_draft);
