"""The candidate models, their ensemble, intervals, training and registry."""
