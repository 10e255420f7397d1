"""Template tags of the look; see `look.py`."""
