"""What may enter: identity numbers, special categories, suppressed people; withdrawals, which always may."""
