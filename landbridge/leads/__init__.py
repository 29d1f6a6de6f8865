"""From profiles that are one person to a lead that a salesperson can use: golden record, score, intent, route.

golden.golden(run, rules)   link + profile -> golden     rules: mappings/golden.yaml
lead.enrich(run, rules)     golden + touchpoint -> lead  rules: mappings/lead.yaml
"""
