"""What people may ask for: access, objection, restriction, correction, legal holds, deadlines, notifications of a breach."""
