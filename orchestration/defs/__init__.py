"""The Dagster layer: one thin module per step, the same names as the packages. Not here: logic."""
