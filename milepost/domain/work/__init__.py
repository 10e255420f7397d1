"""Ways to take part: small pieces of work that someone asks for, and who takes them.

Records `opportunity.opened`, `opportunity.taken`, `opportunity.finished`, `opportunity.closed`.
"""
