"""The source `product_catalogue`: pages of JSON by curl, parsed into products."""
