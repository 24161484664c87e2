"""CSV files that partners drop."""
