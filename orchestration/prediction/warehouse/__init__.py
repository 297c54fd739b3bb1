"""Scores of the warehouse's own customers. Here: what was known on a past day, what happened after it, models that learn from both."""
