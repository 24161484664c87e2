"""A read of the sales database with a record of each kind. Ids say what a record is for."""

HEADERS = """
order_id      | ordered_at           | updated_at | currency
no time       | NULL                 |            |
draft         | NULL                 |            |
year 20111    | 20111-11-19 15:00Z   |            |
1999          | 1999-12-31 23:59Z    |            |
2000          | 2000-01-01 00:00Z    |            |
in a day      | 2026-11-21 11:00Z    |            |
in two days   | 2026-11-21 11:01Z    |            |
never changed |                      | NULL       |
odd change    |                      | infinity   |
no currency   |                      |            | NULL
no money      |                      |            | US$
NULL          |                      |            |
first 01:30   | 2026-11-01 05:30Z    |            |
second 01:30  | 2026-11-01 06:30Z    |            |
last second   | 2026-11-02 04:59:59Z |            |
midnight      | 2026-11-02 05:00Z    |            | eur
"""
STATUSES = """
order_id           | status           | is_test
processing         |                  |
completed          | Completed        |
shipped            | SHIPPED          |
delivered          |                  |
refunded           |                  |
partially_refunded |                  |
pending            |                  |
on-hold            |                  |
failed             |                  |
cancelled          |                  |
dated draft        | draft            |
checkout-draft     |                  |
trash              |                  |
odd                | Awaiting_Customs |
none               | NULL             |
test               | completed        | true
"""
CUSTOMERS_OF_ORDERS = """
order_id | customer_id | shipping_country
of C1    | C1          |
of C2    | C2          | Utopia
of C3    | C3          | de
of C4    | C4          | FR
"""
CUSTOMERS = """
customer_id | email           | country_code | updated_at
C1          | Ann@Example.com | us           | 2026-11-19 15:00Z
C2          | NULL            | Germany      | 2026-11-19 15:00Z
C3          | ann@example.com | NULL         | 2026-11-20 11:00Z
"""
OTHERS = """
order_id        | currency | status    | shipping_amount | customer_id
sum             |          |           |                 |
lines           |          |           | -2.5            |
goods           | CAD      |           | NULL            |
cancelled EUR   | EUR      | cancelled |                 |
JPY             | JPY      |           |                 |
limits          | CHF      |           |                 |
ann@example.com |          |           |                 |
"""
ITEMS = """
order_id         | line_number | sku               | quantity | unit_price  | discount_amount | tax_amount
sum              |             |                   | 3        | 9.9999      | 1.50            |
sum              | 2           |                   | 1        | 0.0375      |                 | 2.28
lines            | 1           |                   |          |             |                 | NULL
lines            | 2           |                   | 0        |             |                 |
lines            | 3           |                   | -1       |             |                 |
lines            | 4           |                   |          | -0.01       |                 |
lines            | 5           |                   |          | NULL        |                 |
lines            | NULL        |                   |          |             |                 |
lines            | 7           | gift              |          | 0           | NULL            |
lines            | 8           | rebate            |          |             | 99.5            |
lines            | 9           | dearer            | 1        |             | -0.5            |
goods            | 1           |                   |          |             |                 |
goods            | 2           | mug-01            |          |             |                 |
goods            | 3           | gone              |          |             |                 |
JPY              |             |                   | 1        | 1500        |                 |
limits           | 1           | largest           | 9999999  | 9999.9999   |                 |
limits           | 2           |                   | 10000000 | 1           |                 |
limits           | 3           |                   | 1        | 10000000000 |                 |
limits           | 4           |                   | 1000000  | 100000      |                 |
no time          |             |                   |          |             |                 |
draft            |             |                   |          |             |                 |
1999             |             |                   |          |             |                 |
1999             | 2           |                   | 0        |             |                 |
cancelled EUR    | 1           |                   |          | 17.5        |                 |
no money         |             |                   |          |             |                 |
last second      |             |                   | 1        |             |                 |
unknown          |             |                   |          |             |                 |
unread           |             |                   |          |             |                 |
ann@example.com  | 1           | bob%40example.com |          |             |                 |
carl@example.com | 1           | MUG@BLUE          |          |             |                 |
test             | 1           |                   |          |             |                 |
of C1            | 1           |                   |          |             |                 |
lines            | -1          |                   |          |             |                 |
"""
REFUNDS = """
refund_id       | order_id        | line_number | quantity | amount | refunded_at       | reason
line            | sum             | 2           | 1        | 0.04   | 2026-11-20 04:59Z | by ann@example.com
whole           | sum             | NULL        | 0        | 3.3    | 2026-11-20 05:00Z |
no such line    | cancelled EUR   | 9           | 3        | 7      |                   | too late
of a test       | test            | NULL        | NULL     | 1      |                   |
again           | lines           | 7           | 1        | 10     |                   |
again           | lines           | 7           | 1        | 4      |                   |
orphan          | O404            |             |          | 250    | 2026-11-19 04:30Z |
negative        | sum             |             |          | -1     |                   |
no amount       | sum             |             |          | NULL   |                   |
free            | sum             | 1           |          | 0      |                   |
undated         | sum             |             |          |        | NULL              |
future          | sum             |             |          |        | 2027-01-01 00:00Z |
of nothing      | NULL            |             |          |        |                   |
bad line        | sum             | -1          |          |        |                   |
of no time      | no time         |             |          |        |                   |
of unread       | unread          |             |          |        |                   |
of removed      | removed         | NULL        | 2        | 20     |                   |
ann@example.com | ann@example.com |             |          |        |                   |
again           | lines           | 7           |          | NULL   |                   |
"""
PRODUCTS = """
sku               | name      | category  | updated_at
MUG-01            | Mug, blue | Tableware | 2026-11-19 15:00Z
MUG-01            | Mug       | NULL      | 2026-11-18 15:00Z
mug-01            | Mug, sand | NULL      | 2026-11-19 15:00Z
bob%40example.com | Card      | Cards     |
"""
REJECTS = """
row_number | reason         | detail                    | file      | raw
1          | invalid_number |                           | orders    | unread,,NaN
3          | invalid_number | amount of bob@example.com | refunds   |
4          | malformed_line |                           | customers | C9,xy@example.com,US
5          | malformed_line |                           | orders    |
"""
