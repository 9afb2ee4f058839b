"""Task heads on top of a backbone."""
