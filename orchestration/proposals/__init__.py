"""What a company's own files are: looked at, proposed as a source, previewed. Not here: reading them night by night (extract)."""
