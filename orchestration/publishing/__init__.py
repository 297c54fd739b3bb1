"""Warehouse → publications: gate, copy to a fresh folder, verify, switch. Not here: what the tables say (dbt)."""
