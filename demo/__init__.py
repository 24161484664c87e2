"""A small made-up company to run the pipelines against: its data, its systems, its incidents."""
