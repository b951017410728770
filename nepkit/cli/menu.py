"""The interactive menu, generated from the command tree."""


def open_menu() -> int:
    """Run the menu until the user leaves; return the status of the last command."""
    raise NotImplementedError
