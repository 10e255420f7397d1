"""Ways to take part: opportunities that members take and finish. Records `opportunity.*`."""
