"""What every room may use: settings, the home folder, the warehouse, errors, the clock."""
