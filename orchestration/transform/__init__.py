"""Runs dbt: the models of the project and those that the configuration maps; the scaffold of a new source."""
