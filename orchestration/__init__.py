"""Kundbild's Python package: the steps stand in the order of the flow, extract first and publishing last."""
