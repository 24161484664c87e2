-- Order statuses in lower case, one a line, and whether each is a sale. Edit this list for the statuses of your shop.
-- An order with an unlisted status is stored but not counted, and the report warns about it.
--
-- Only drafts may lack a date without an alarm: an unfinished draft belongs to no day yet.

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
    ('sub-order', FALSE, FALSE),
    ('trash', FALSE, FALSE)
) AS list (status, is_sale, is_draft);
