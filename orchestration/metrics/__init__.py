"""Metrics: what they mean, asking the publication for them, and serving them to assistants. Not here: SQL of a mart (dbt), reading a publication's file (publishing)."""
