"""The community's home, its mission, goals, milestones, moments and thanks; and the installation's front page."""
