"""What was done and what is held: audit log, exports, catalogue of personal data, record of processing."""
