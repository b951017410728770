"""Following a training or a simulation while it runs."""
