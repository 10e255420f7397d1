"""What is celebrated: the feed, congratulations, one's own moments and badges, walls and feeds, and what stewards tend."""
