"""Assignment 3, question 2f: what kind of phrase a parser attaches to the wrong word.

Words are counted from 1, and 0 is ROOT.
"""

from collections.abc import Sequence

PREPOSITIONAL_PHRASE = "prepositional phrase"
VERB_PHRASE = "verb phrase"
MODIFIER = "modifier"
COORDINATION = "coordination"
OTHER = "other"
ALL_KINDS = (PREPOSITIONAL_PHRASE, VERB_PHRASE, MODIFIER, COORDINATION, OTHER)

KINDS = {
    "nmod": PREPOSITIONAL_PHRASE,
    "obl": PREPOSITIONAL_PHRASE,
    "acl": VERB_PHRASE,
    "advcl": VERB_PHRASE,
    "ccomp": VERB_PHRASE,
    "xcomp": VERB_PHRASE,
    "advmod": MODIFIER,
    "amod": MODIFIER,
    "nummod": MODIFIER,
    "nmod:poss": MODIFIER,
    "nmod:unmarked": MODIFIER,
    "obl:unmarked": MODIFIER,
    "conj": COORDINATION,
    "cc": COORDINATION,
}
"""The kind of phrase that a word with this relation to its head is the centre of. All other relations are OTHER."""

Wrong = tuple[int, int, int]


def wrong_arcs(parse: Sequence[tuple[int, int]], gold: Sequence[tuple[int, int, str]]) -> dict[str, list[Wrong]]:
    """Question 2f. Return the words that a parse attaches to the wrong head, by the kind of their phrase.

    Args:
        parse: what the parser found, (head, dependent), in any order; each word is a dependent once.
        gold: what is right, (head, dependent, relation), in any order; each word is a dependent once. A relation such
            as "acl:relcl" has a subtype: where KINDS does not list it, the part before the colon says the kind.

    Returns:
        Rows (dependent, head in the parse, right head) for each kind, in the order of the sentence. ALL_KINDS are
        there, those without mistakes with an empty list.
    """
    ### BEGIN SOLUTION 2f
    found = {dependent: head for head, dependent in parse}
    rows: dict[str, list[Wrong]] = {kind: [] for kind in ALL_KINDS}
    for head, dependent, relation in sorted(gold, key=lambda arc: arc[1]):
        if found[dependent] != head:
            kind = KINDS.get(relation) or KINDS.get(relation.partition(":")[0], OTHER)
            rows[kind].append((dependent, found[dependent], head))
    return rows
    ### END SOLUTION
