"""What tasks put on a backbone: each goes on from its outputs."""
