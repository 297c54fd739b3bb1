"""Conformed people → customer ids. Normalise, edges, components, ids: each step an explicit table in schema `identity`.

Not here: golden records and marts (dbt), and Dagster (defs/identity.py).
"""
