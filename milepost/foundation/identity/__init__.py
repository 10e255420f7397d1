"""Who is here: accounts, communities, people, memberships, and the identities under which people acted elsewhere.

Rows only; what happens to them is recorded as `member.joined`, `member.left`, `member.paused`, `member.returned`, `role.taken`, `person.merged`, `person.split`,
`person.claimed`, `person.erased`: recorded by `domain.people`, which owns joining, leaving and linking, since the log sits above.
"""
