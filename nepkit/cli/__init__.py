"""The command line and the menu: every feature is declared once, as a click command."""
