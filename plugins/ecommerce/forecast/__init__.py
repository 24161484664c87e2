"""The weekly sales forecast: what the partner publishes, features, models and their choice, the report."""
