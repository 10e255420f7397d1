"""Pages of milestones: what stewards write and put in force, what members claim, who verifies it, and what is doubted."""
