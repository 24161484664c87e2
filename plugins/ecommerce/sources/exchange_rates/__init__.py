"""Reference exchange rates."""
