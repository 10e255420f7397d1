"""What helps on the way: guides, links, files, templates and courses, written and kept by the community.

Records `resource.proposed`, `resource.published`, `resource.changed`, `resource.withdrawn`, `lesson.finished`,
`resource.finished`, `resource.rated`.
"""
