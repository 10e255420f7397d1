"""Who reached which milestone, as another system or a spreadsheet knows it.

A file is read, its people are matched with reasons, a steward looks at it, and only then anything counts. Twice changes
nothing; who is not known here yet is kept for a while and can be matched later.
"""
