"""Segments, and the editor of rules that other areas embed."""
