INSERT INTO orders (order_id, status, currency, ordered_at, updated_at) VALUES
('BAD-4', 'completed', 'USD', '20111-09-01 12:00Z', '2026-09-01 16:00Z'),
('BAD-5', 'completed', 'USD', NULL, '2026-09-01 16:00Z'),
('BAD-6', 'completed', 'U$D', '2026-09-01 16:00Z', '2026-09-01 16:00Z');
INSERT INTO order_items (order_id, line_number, sku, quantity, unit_price)
VALUES ('BAD-4', 1, 'KIT-001', 1, 10);
