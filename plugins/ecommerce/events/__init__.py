"""The website's events: sessions, visitors and the funnel of every day."""
