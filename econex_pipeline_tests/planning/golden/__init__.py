"""LP texts of small problems, kept to be read: a change of the mathematics shows as a change of text."""
