"""What the community wants to reach together. Records `goal.adopted`."""
