"""The command line of the person who operates the pipeline: `python -m ecommerce.cli`."""
