"""What the law asks of personal data. Here: national identity numbers, the pepper. Not here: consent (dbt_project)."""
