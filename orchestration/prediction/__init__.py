"""What customers will do: forecasts of purchases, classifiers, and how good both are."""
