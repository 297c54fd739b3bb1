"""One run: the night, launching it, its progress and alerts, `status` and `doctor`."""
