"""Deciding together: proposals, ballots, budgets, opinion maps, and how they are counted."""
