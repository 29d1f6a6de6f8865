"""Mapping: what a business person wrote in `mappings/`, applied to whole batches. Arrow in, Arrow out; no database."""
