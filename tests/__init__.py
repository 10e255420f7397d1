"""Tests, in the tree of what they test; `journeys/` tells whole stories, `browser/` drives a real Chromium."""
