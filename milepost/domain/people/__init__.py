"""Members as people: profiles, and the ways in and out (joining, pausing, leaving, linking identities, erasure).

Records `community.founded`, `member.joined`, `member.left`, `member.paused`, `member.returned`, `role.taken`,
`person.claimed`, `person.merged`, `person.split`, `person.erased`, `praise.given`.
"""
