"""What the models learn from: daily series, closed days, promotions, market index."""
