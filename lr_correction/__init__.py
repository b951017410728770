"""Long-range electrostatics fitted atop a frozen NEP."""
