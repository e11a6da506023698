"""Randomness under test: noise sources, opposite polarity, and what a seed alone decides."""
