"""Guides, links, files, templates and courses that help people on their way. Records `resource.*`."""
