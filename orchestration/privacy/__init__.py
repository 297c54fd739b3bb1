"""What the law asks of personal data. Here: national identity numbers, pseudonyms, the audit log. Not here: consent (dbt_project)."""
