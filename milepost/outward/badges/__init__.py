"""Awards as Open Badges 3.0: signed credentials (VC-JWT, Ed25519) that others can verify, and others' badges as evidence.

Nothing here calls another machine: what is served stands at stable addresses, what comes in is judged by what it brings.
"""
