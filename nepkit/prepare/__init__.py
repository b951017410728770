"""Folders of calculations and simulations made from templates, and their results brought back."""
