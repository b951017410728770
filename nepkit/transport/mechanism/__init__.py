"""How ions move: where they stay, how they jump, and with whom."""
