"""Measurements, behind `make bench`. Ratios come from one run, against the same work in plain DuckDB."""
