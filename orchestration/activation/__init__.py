"""Audiences to where they are used."""
