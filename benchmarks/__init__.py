"""Benchmarks: how far the pipeline is from what the machine could do. See each module for how to run it."""
