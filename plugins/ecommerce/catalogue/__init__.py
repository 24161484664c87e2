"""The product catalogue: a JSON with pictures, fetched every day."""
