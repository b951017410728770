"""Training a NEP: data, settings, engines, loss curve and parity."""
