"""The pepper and what is made with it: pseudonyms, tokens, the anchor of the audit log."""
