"""Results as matplotlib Axes."""
