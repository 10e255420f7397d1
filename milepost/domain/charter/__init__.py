"""What the community is for: mission, vision, values, agreements, as versions. Records `charter.ratified`, `charter.agreed`."""
