"""Scores of every night: estimators on the marts, when they are fitted anew, what holds a fit back, the schema `scores`."""
