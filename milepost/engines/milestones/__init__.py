"""What members reached: participation steps counted from the roll-up, and claimed milestones. Records `milestone.reached`."""
