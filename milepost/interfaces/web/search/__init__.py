"""The search page; its field stands in the header of every page."""
