"""Saved conditions with a name, and who is in them: kept by a reader. Records `segment.entered` and `segment.left`."""
