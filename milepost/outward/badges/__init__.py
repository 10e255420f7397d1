"""Awards as signed Open Badges that others can verify."""
