"""What comes in is kept, exactly as it came, before anybody looks at it."""
