"""Catoptric: whose doing is a skew in generated pictures: data, model or interface?"""

__version__ = "0.1.0"
