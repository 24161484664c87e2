"""The weekly sales forecast: its inputs, its models, and what is told of it."""
