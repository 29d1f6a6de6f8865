"""Who may sign in: local accounts, links that work once, OpenID Connect."""
