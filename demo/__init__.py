"""A small company to run the pipelines against: its books, its systems, its bad days."""
