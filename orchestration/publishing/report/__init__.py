"""The report on a publication, and pictures of it to share: figures, charts and words of the customer base, for people who forward them.

Here: everything from the publication's DuckDB file to a page of its own. Not here: what the tables say (dbt), when a night makes the
report (defs/publishing.py), the data dictionary (contracts/dictionary.py).
"""
