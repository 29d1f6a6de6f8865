"""What runs on a schedule. Flows conduct and compute nothing."""
