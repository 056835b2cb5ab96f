"""What labels say, as numbers; what is not known is not a number."""

OLDEST = 120  # years that one may ask for
GENDERS = {"f": 0.0, "m": 1.0}
