"""The findings of a day: at most three, ranked by weight."""
