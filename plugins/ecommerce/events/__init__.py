"""Web events, and the sessions and daily funnel computed from them."""
