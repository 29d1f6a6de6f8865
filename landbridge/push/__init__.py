"""Push: what of our leads would change in the CRM, who lets it, and how it gets there once."""
