"""Opinion maps: which statements people answer alike, who stands near whom, and what all groups share.

    votes.py        the votes as a sparse matrix, in one order; counts that move with each vote
    components.py   the two directions along which answers differ most, and where each person stands
    grouping.py     groups of people who stand close together
    statistics.py   what a group says more than others, what all groups share, what divides
    opinion.py      all of it for one set of votes
    polis.py        the folder that Polis exports
    wording.py      the map in words

Pure computing on NumPy, which is loaded only where a map is asked for. The same votes give the same map, whatever order
they come in: rows and columns are put into the order of their ids first, sums that could depend on an order are sums of
whole numbers, and every tie is broken by a rule that stands beside it. The method is that of Polis (Small et al. 2021,
"Polis: Scaling deliberation by mapping high dimensional opinion spaces", Recerca 26(2)).
"""
