"""What is read out of the dbt project and the mappings: entities, audiences, lineage, mapped columns; what columns are called."""
