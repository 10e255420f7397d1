"""Gatherings of a community, their series, who comes and who came.

Records `event.proposed`, `event.published`, `event.changed`, `event.cancelled`, `event.registered`, `event.unregistered`,
`event.attended` (quantity: hours, where known), `event.hosted`, `talk.given`, `feedback.given`.
"""
