"""API v1: the community's data for other programs, under /api/v1/. Holds no rules; records nothing by itself.

What every operation goes through, in this order: limits by address and token (`rates`), the token and its community
(`tokens`), the permission (`identity.access`), input that is checked to the last field (`parsing`, `routing`), and for writes
the idempotency key (`idempotency`). Whatever goes wrong is a problem document (`problems`).
"""
