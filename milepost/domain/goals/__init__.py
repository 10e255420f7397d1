"""What the community wants to reach together.

Records `goal.adopted`, `goal.changed`, `goal.retired`, `goal.resumed`.
"""
