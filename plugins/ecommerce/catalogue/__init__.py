"""The product catalogue and its pictures, refreshed every day."""
