"""What a company learns of its customers and campaigns: statistics on what is measured. Not here: marts (dbt), files that leave."""
