"""What has to be settled before Django reads its settings, and what every test run has."""
