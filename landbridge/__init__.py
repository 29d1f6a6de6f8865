"""Landbridge joins the silos: what every system knows about people becomes one customer and one enriched lead."""

__version__ = "0.1.0"
