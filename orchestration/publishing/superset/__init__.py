"""Superset on the publication: a bundle of its own YAML (databases, datasets, charts, dashboards), and what starts it.

Superset's packages exclude Kundbild's, so it has an environment of its own, and what runs there stands in `inside`.
Not here: the report (publishing/report), who may read which file (grades.py).
"""
