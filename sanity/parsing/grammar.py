"""The grammar of the toy treebank: it draws sentences with their trees.

The trees are those of Universal Dependencies. What is added to a sentence at its end may belong to many words, and
belongs to the last one that it fits. Whether it fits is in words and their forms, not in the parts of speech:

    … with a N      a noun or a verb, by the preposition
    … who V         a noun for a living being; "which" for things
    … and a N       a noun of the same kind
    … and V         a verb of the same number and tense
    … now           a verb of the present

Some adverbs belong to the verb before, and some to the one after them. All random numbers come from
`random.Random.random`, which is the same in every version of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from sanity.parsing.lexicon import INFINITIVE, PAST, PRESENT, Lexicon, Noun, Verb
from sanity.training.dice import Dice

ADDITIONS_TO_SUBJECT, ADDITIONS_TO_CLAUSE = (0, 0, 1, 2, 3), (1, 2, 3, 4, 5)  # numbers of them, equally likely
HIGH = 0.4
"""How often what is added belongs to the first word that it can; else all are equally likely."""


class Node:
    """A word with its dependents on the left and on the right, each in the order of the sentence."""

    def __init__(self, form: str, tag: str, relation: str, *left: Node, joined: bool = False) -> None:
        self.form, self.tag, self.relation, self.joined = form, tag, relation, joined
        self.left = list(left)
        self.right: list[Node] = []

    def words(self) -> Iterator[Node]:
        """Yield the words of this subtree in the order of the sentence."""
        for child in self.left:
            yield from child.words()
        yield self
        for child in self.right:
            yield from child.words()


class NounNode(Node):
    """A noun in a sentence."""

    def __init__(self, noun: Noun, plural: bool, relation: str, *left: Node) -> None:
        tag = "PROPN" if noun.stem.istitle() else "NOUN"
        super().__init__(noun.form(plural), tag, relation, *left)
        self.noun, self.plural = noun, plural


class VerbNode(Node):
    """A verb in a sentence; plural is the number of its subject."""

    def __init__(self, verb: Verb, tense: int, plural: bool, relation: str, *left: Node) -> None:
        super().__init__(verb.form(tense, plural), "VERB", relation, *left)
        self.verb, self.tense, self.plural = verb, tense, plural


End = list[NounNode | VerbNode]
"""The words at the end of a phrase that more can be added to, each below the one before."""


Key = TypeVar("Key")


def is_noun(word: Node) -> bool:
    """Return whether a word is a noun."""
    return isinstance(word, NounNode)


def alive(word: Node) -> bool | None:
    """Return whether a noun is for a living being; None for a verb."""
    return word.noun.alive if isinstance(word, NounNode) else None


def tense(word: Node) -> int | None:
    """Return the tense of a verb that agrees with a subject; None for any other word."""
    return word.tense if isinstance(word, VerbNode) and word.tense != INFINITIVE else None


def form(word: Node) -> tuple[int, bool] | None:
    """Return tense and number of a verb that agrees with a subject; the past has no number. None for any other word."""
    found = tense(word)
    return None if found is None or not isinstance(word, VerbNode) else (found, found == PRESENT and word.plural)


class Speaker:
    """Draws sentences of one language."""

    def __init__(self, dice: Dice, lexicon: Lexicon) -> None:
        self.dice, self.lexicon = dice, lexicon

    def sentence(self) -> Node:
        """Draw a sentence."""
        dice = self.dice
        front = dice.chance(0.15)
        root, end = self.clause("root", deep=True)
        if front:
            other = self.subordinate()
            other.right.append(Node(",", "PUNCT", "punct"))
            root.left.insert(0, other)
        elif dice.chance(0.1):
            other, _ = self.clause("conj", deep=False)
            other.left[:0] = [Node(",", "PUNCT", "punct"), Node(dice.pick(("and", "but")), "CCONJ", "cc")]
            root.right.append(other)
        elif len(end) == 1 and dice.chance(0.2):
            root.right.append(self.subordinate())
        root.right.append(Node(dice.pick((".", ".", ".", "!")), "PUNCT", "punct"))
        return root

    def subordinate(self) -> Node:
        """Draw an adverbial clause."""
        node, _ = self.clause("advcl", deep=False)
        node.left.insert(0, Node(self.dice.pick(("when", "because", "if")), "SCONJ", "mark"))
        return node

    def clause(self, relation: str, deep: bool) -> tuple[Node, End]:
        """Draw a clause, and return it with its end; only a deep one contains others of its kind."""
        dice, lexicon = self.dice, self.lexicon
        subject, plural = self.subject()
        if dice.chance(0.08):
            be = (("is", "are"), ("was", "were"))[dice.below(2)][plural]
            return self.adjective(relation, subject, Node(be, "AUX", "cop")), []
        kinds = [lexicon.transitive] * 3 + [lexicon.giving] * 2 + [lexicon.intransitive] * 2
        verb = dice.pick(dice.pick(kinds + [lexicon.saying] * 3 + [lexicon.control] if deep else kinds))
        node = self.verb(verb, relation, plural)
        node.left.insert(0, subject)
        end: End = [node]
        if verb in lexicon.saying:
            end += self.add_speech(node)
        elif verb in lexicon.control:
            end.append(self.add_infinitive(node))
        elif verb in lexicon.transitive or verb in lexicon.giving:
            objects = [self.noun_phrase(name) for name in ("iobj", "obj")[verb in lexicon.transitive :]]
            node.right += objects
            end.append(objects[-1])
        elif dice.chance(0.25):
            node.right.append(Node(dice.pick(lexicon.after), "ADV", "advmod"))
        additions = (self.add_noun, self.add_noun, self.join_noun, self.describe, self.join_verb, self.add_time)
        for _ in range(dice.pick(ADDITIONS_TO_CLAUSE)):
            dice.pick(additions)(end)
        return node, end

    def subject(self) -> tuple[NounNode, bool]:
        """Draw a subject; return it, and whether its verb is in the plural."""
        node = self.noun_phrase("nsubj")
        end: End = [node]
        for _ in range(self.dice.pick(ADDITIONS_TO_SUBJECT)):
            self.dice.pick((self.add_noun, self.join_noun, self.describe, self.describe))(end)
        return node, node.plural or any(child.relation == "conj" for child in node.right)

    def verb(self, verb: Verb, relation: str, plural: bool) -> VerbNode:
        """Draw the form of a verb, with an auxiliary, "not" or "n't", and an adverb before it."""
        dice = self.dice
        tense, negated = dice.pick((PRESENT, PRESENT, PAST, PAST, INFINITIVE)), dice.chance(0.1)
        left: list[Node] = []
        if negated or tense == INFINITIVE:
            form = ("do" if plural else "does", "did", "will")[tense]
            short = negated and dice.chance(0.5)
            left.append(Node("wo" if short and tense == INFINITIVE else form, "AUX", "aux"))
            left += [Node("n't" if short else "not", "PART", "advmod", joined=short)] if negated else []
            tense = INFINITIVE
        if dice.chance(0.3):
            left.append(Node(dice.pick(self.lexicon.before), "ADV", "advmod"))
        return VerbNode(verb, tense, plural, relation, *left)

    def add_speech(self, node: VerbNode) -> End:
        """Add what is said, with or without "that"; return its end."""
        inner, end = self.clause("ccomp", deep=False)
        if self.dice.chance(0.7):
            inner.left.insert(0, Node("that", "SCONJ", "mark"))
        node.right.append(inner)
        return end

    def add_infinitive(self, node: VerbNode) -> VerbNode:
        """Add what is wanted."""
        verb = self.dice.pick(self.lexicon.intransitive)
        inner = VerbNode(verb, INFINITIVE, False, "xcomp", Node("to", "PART", "mark"))
        node.right.append(inner)
        return inner

    def noun_phrase(self, relation: str) -> NounNode:
        """Draw a name, or a noun with what stands before it."""
        dice, lexicon = self.dice, self.lexicon
        if dice.chance(0.1):
            return NounNode(dice.pick(lexicon.names), False, relation)
        left = [self.adjective("amod")] if dice.chance(0.2) else []
        plural = dice.chance(0.5)
        node = NounNode(dice.pick(lexicon.nouns), plural, relation, *self.determiner(plural), *left)
        if dice.chance(0.2):
            node.right.append(Node(dice.pick(lexicon.postponed), "ADJ", "amod"))
        return node

    def determiner(self, plural: bool) -> list[Node]:
        """Draw an article, a number, a possessor or nothing."""
        dice = self.dice
        if dice.chance(0.05):
            owner = self.simple(dice.pick(self.lexicon.nouns), "nmod:poss")
            owner.right.append(Node("'s", "PART", "case", joined=True))
            return [owner]
        word = dice.pick(("the", "some", "two", "", "", "") if plural else ("the", "a", "every", "", "", ""))
        tag, relation = ("NUM", "nummod") if word == "two" else ("DET", "det")
        return [Node(word, tag, relation)] if word else []

    def adjective(self, relation: str, *left: Node) -> Node:
        """Draw an adjective, with "very" at times."""
        degree = [Node("very", "ADV", "advmod")] if self.dice.chance(0.2) else []
        return Node(self.dice.pick(self.lexicon.adjectives), "ADJ", relation, *left, *degree)

    def simple(self, noun: Noun, relation: str, *left: Node) -> NounNode:
        """Draw the number of a noun, and an article or none."""
        plural = self.dice.chance(0.5)
        article = [Node("the", "DET", "det")] if self.dice.chance(0.2) else []
        return NounNode(noun, plural, relation, *left, *article)

    def head(self, end: End, key: Callable[[Node], Key | None]) -> tuple[int, Key] | None:
        """Draw a head for something that fits it and no later word of the end; return its place and its key.

        Args:
            end: at least a word.
            key: what fits a word fits those with the same key; to a word with None nothing can be added.
        """
        keys = [key(word) for word in end]
        places = [place for place, one in enumerate(keys) if one is not None and one not in keys[place + 1 :]]
        if not places:
            return None
        place = places[0 if self.dice.chance(HIGH) else self.dice.below(len(places))]
        found = keys[place]
        assert found is not None
        return place, found

    def add_noun(self, end: End) -> None:
        """Add a noun with a preposition, which says whether it belongs to a noun or to a verb."""
        if found := self.head(end, is_noun):
            place, noun = found
            case = Node(self.dice.pick(self.lexicon.of_nouns if noun else self.lexicon.of_verbs), "ADP", "case")
            self.add(end, place, self.simple(self.dice.pick(self.lexicon.nouns), "nmod" if noun else "obl", case))

    def join_noun(self, end: End) -> None:
        """Join a noun with one of its kind."""
        if found := self.head(end, alive):
            place, kind = found
            self.add(end, place, self.simple(self.dice.pick(self.lexicon.nouns_for(kind)), "conj", self.conjunction()))

    def describe(self, end: End) -> None:
        """Describe a noun by a clause, with "who" for living beings and "which" for things."""
        if found := self.head(end, alive):
            place, kind = found
            verb, pronoun = self.dice.pick(self.lexicon.intransitive), Node("who" if kind else "which", "PRON", "nsubj")
            node = VerbNode(verb, self.dice.pick((PRESENT, PAST)), end[place].plural, "acl:relcl", pronoun)
            if self.dice.chance(0.3):
                node.right.append(Node(self.dice.pick(self.lexicon.after), "ADV", "advmod"))
            self.add(end, place, node)

    def join_verb(self, end: End) -> None:
        """Join a verb with one of its form."""
        if found := self.head(end, form):
            place, (tense, plural) = found
            verb = self.dice.pick(self.lexicon.intransitive)
            self.add(end, place, VerbNode(verb, tense, plural, "conj", self.conjunction()))

    def add_time(self, end: End) -> None:
        """Add an adverb of time to a verb of its tense."""
        if found := self.head(end, tense):
            place, when = found
            end[place].right.append(Node(self.dice.pick(self.lexicon.times[when]), "ADV", "advmod"))
            del end[place + 1 :]

    def add(self, end: End, place: int, node: NounNode | VerbNode) -> None:
        """Add a word to that at a place of the end."""
        end[place].right.append(node)
        end[place + 1 :] = [node]

    def conjunction(self) -> Node:
        """Draw "and" or "or"."""
        return Node(self.dice.pick(("and", "or")), "CCONJ", "cc")
