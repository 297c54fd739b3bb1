"""Dashboards on the publication: a Streamlit app on the loopback address, an optional extra of the project.

Here: the server (server.py), its pages, and the builder of segments. Not here: which figures may be told (publishing/report/rules.py),
metrics (metrics), the warehouse: nothing of this room opens it.
"""
