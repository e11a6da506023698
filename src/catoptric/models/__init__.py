"""What is audited: denoisers with their world, so far the exact one of the embedded portraits."""
