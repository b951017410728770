"""Properties of crystals from any potential, before it is trusted: each from independent pieces of work."""
