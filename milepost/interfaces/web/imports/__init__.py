"""Bringing a community's history in, and taking the whole community out."""
