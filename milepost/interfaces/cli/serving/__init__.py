"""`milepost serve`: prepare the site, then keep a web server and a worker going as children of one process."""
