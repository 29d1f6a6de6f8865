"""Which company of the CRM a lead belongs to."""
