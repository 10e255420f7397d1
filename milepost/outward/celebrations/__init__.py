"""Moments worth celebrating, told as each person wants it."""
