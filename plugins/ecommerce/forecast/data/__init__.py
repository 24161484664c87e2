"""The training data: daily series, closed days, promotions, market index."""
