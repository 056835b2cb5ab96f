"""What labels say, as numbers; what is not known is not a number."""

GENDERS = {"f": 0.0, "m": 1.0}
