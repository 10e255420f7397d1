"""Opinion maps: taking part one statement at a time, the map, and looking after what was written."""
