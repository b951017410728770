"""One page about a charge fit: as an image, and as an HTML file that needs no other file."""
