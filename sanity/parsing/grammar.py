"""A treebank of our own: sentences drawn from a grammar, with their trees. `python -m sanity.parsing.grammar` shows some.

The trees are those of Universal Dependencies. What depends on what can always be told, but often only from words and their
forms, as in any language:

    V NP with NP         the verb takes this preposition, or else the noun before it is described
    N near N that V      the clause describes the noun that its verb agrees with: the last one if it can
    N near N and N       living beings are joined with living beings, and things with things
    says that NP V and V the last verb is joined with the one that it agrees with in number and tense
    says that NP V now   the adverb belongs to the last verb of its tense

All random numbers come from `random.Random.random`, which is the same in every version of Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sanity.parsing.lexicon import FUTURE, PAST, PREPOSITIONS, PRESENT, TENSES, Lexicon, Noun, Verb
from sanity.training.dice import Dice

MAX_WORDS = 24
TRAIN, DEV, TEST = 4000, 300, 600
"""Sentences of each part."""


class Tree(NamedTuple):
    """A sentence of n words: n entries each; heads count words from 1, and 0 is ROOT."""

    forms: tuple[str, ...]
    tags: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    joined: tuple[bool, ...]
    """Whether a word is written in one with the word before it: does + n't."""


class Node:
    """A word with its dependents on the left and on the right, each in the order of the sentence."""

    def __init__(self, form: str, tag: str, relation: str, joined: bool = False) -> None:
        self.form, self.tag, self.relation, self.joined = form, tag, relation, joined
        self.left: list[Node] = []
        self.right: list[Node] = []

    def words(self) -> Iterator[Node]:
        """Yield the words of this subtree in the order of the sentence."""
        for child in self.left:
            yield from child.words()
        yield self
        for child in self.right:
            yield from child.words()


class Phrase(NamedTuple):
    """A noun phrase."""

    node: Node
    noun: Noun
    plural: bool
    closed: bool  # whether it ends in a clause, after which little more can be attached


class Clause:
    """A clause that grows: its verb, and the verbs at its end that what follows might belong to."""

    def __init__(self, node: Node, tense: int, plural: bool, verb: Verb) -> None:
        self.node, self.tense, self.plural, self.verb = node, tense, plural, verb
        self.inner: list[Clause] = []
        """Clauses at the end of this one, from the outside in."""

    def like(self, other: Clause) -> bool:
        """Return whether two verbs have the same form."""
        return self.tense == other.tense and (self.tense != PRESENT or self.plural == other.plural)


class Speaker:
    """Draws sentences of one language."""

    def __init__(self, dice: Dice, lexicon: Lexicon) -> None:
        self.dice, self.lexicon = dice, lexicon

    def sentence(self) -> Node:
        """Draw a sentence."""
        dice, front = self.dice, self.dice.chance(0.15)
        clause = self.clause("root", deep=True)
        if front:
            clause.node.left.insert(0, self.subordinate(comma=True))
        elif dice.chance(0.15):
            other = self.clause("conj", deep=False)
            other.node.left[:0] = [Node(",", "PUNCT", "punct"), Node(dice.pick(("and", "but")), "CCONJ", "cc")]
            clause.node.right.append(other.node)
        elif not clause.inner and dice.chance(0.15):
            clause.node.right.append(self.subordinate(comma=False))
        clause.node.right.append(Node(dice.pick((".", ".", ".", "!")), "PUNCT", "punct"))
        return clause.node

    def subordinate(self, comma: bool) -> Node:
        """Draw an adverbial clause."""
        node = self.clause("advcl", deep=False).node
        node.left.insert(0, Node(self.dice.pick(("when", "because", "if")), "SCONJ", "mark"))
        if comma:
            node.right.append(Node(",", "PUNCT", "punct"))
        return node

    def clause(self, relation: str, deep: bool) -> Clause:
        """Draw a clause with a subject; only a deep one contains others."""
        dice = self.dice
        subject = self.noun_phrase("nsubj", deep, joint=True)
        if dice.chance(0.1):
            return self.with_adjective(relation, subject)
        clause = self.verb_phrase(relation, dice.pick(TENSES), subject.plural, deep)
        clause.node.left.insert(0, subject.node)
        if dice.chance(0.15):
            self.join_verb(clause)
        if dice.chance(0.3):
            self.add_time(clause)
        return clause

    def with_adjective(self, relation: str, subject: Phrase) -> Clause:
        """Draw a clause with "is" and an adjective."""
        node = self.adjective(relation)
        be = ("are" if subject.plural else "is"), ("were" if subject.plural else "was")
        past = self.dice.below(2)
        node.left[:0] = [subject.node, Node(be[past], "AUX", "cop")]
        return Clause(node, (PRESENT, PAST)[past], subject.plural, Verb("", ()))

    def verb_phrase(self, relation: str, tense: int, plural: bool, deep: bool, bare: bool = False) -> Clause:
        """Draw a verb with all but its subject; a bare one has no auxiliary."""
        dice, lexicon = self.dice, self.lexicon
        kinds = [lexicon.transitive] * 5 + [lexicon.intransitive] * 3
        verbs = dice.pick([*kinds, lexicon.saying, lexicon.saying, lexicon.control] if deep else kinds)
        verb = dice.pick(verbs)
        negated = not bare and dice.chance(0.15)
        if tense == FUTURE or negated:
            node = Node(verb.stem, "VERB", relation)
            node.left += self.auxiliary(tense, plural, negated)
        else:
            node = Node(verb.form(tense, plural), "VERB", relation)
        clause = Clause(node, tense, plural, verb)
        if verbs is lexicon.saying:
            self.add_speech(clause)
        elif verbs is lexicon.control:
            inner = self.verb_phrase("xcomp", FUTURE, plural, deep=False, bare=True)
            inner.node.left[:] = [Node("to", "PART", "mark")]
            node.right.append(inner.node)
            clause.inner = [inner, *inner.inner]
        else:
            self.add_objects(clause, verbs is lexicon.transitive, deep)
        return clause

    def auxiliary(self, tense: int, plural: bool, negated: bool) -> list[Node]:
        """Return the auxiliary of a verb, with "not" or "n't" if it is negated."""
        form = ("do" if plural else "does", "did", "will")[tense]
        if not negated:
            return [Node(form, "AUX", "aux")]
        if self.dice.chance(0.5):
            return [Node(form, "AUX", "aux"), Node("not", "PART", "advmod")]
        return [Node("wo" if form == "will" else form, "AUX", "aux"), Node("n't", "PART", "advmod", joined=True)]

    def add_speech(self, clause: Clause) -> None:
        """Add what is said, with or without "that"."""
        inner = self.clause("ccomp", deep=False)
        if self.dice.chance(0.7):
            inner.node.left.insert(0, Node("that", "SCONJ", "mark"))
        clause.node.right.append(inner.node)
        clause.inner = [inner, *inner.inner]

    def add_objects(self, clause: Clause, transitive: bool, deep: bool) -> None:
        """Add an object, adverbs and an adverbial of a verb."""
        dice, node = self.dice, clause.node
        if transitive:
            object = self.noun_phrase("obj", deep, joint=True, verb=clause.verb)
            node.right.append(object.node)
            if object.closed:
                clause.inner = [self.last_clause]
                return
        elif dice.chance(0.4):
            node.right.append(Node(dice.pick(self.lexicon.manners), "ADV", "advmod"))
        if dice.chance(0.4):
            prepositions = clause.verb.prepositions if transitive else PREPOSITIONS
            phrase = self.noun_phrase("obl", deep=False, joint=True)
            phrase.node.left.insert(0, Node(dice.pick(prepositions), "ADP", "case"))
            node.right.append(phrase.node)

    def join_verb(self, clause: Clause) -> None:
        """Join a second verb with the last verb that has its form: the clause's own, or one of a clause at its end."""
        dice = self.dice
        verbs = [clause, *clause.inner]
        place = dice.below(len(verbs))
        chosen = verbs[place]
        if chosen.tense == FUTURE or any(chosen.like(other) for other in verbs[place + 1 :]):
            return
        verb = dice.pick(self.lexicon.intransitive)
        other = Clause(Node(verb.form(chosen.tense, chosen.plural), "VERB", "conj"), chosen.tense, chosen.plural, verb)
        other.node.left.append(Node(dice.pick(("and", "or")), "CCONJ", "cc"))
        chosen.node.right.append(other.node)
        clause.inner = [*clause.inner[:place], other]

    def add_time(self, clause: Clause) -> None:
        """Add an adverb of time to the last verb of its tense."""
        verbs = [clause, *clause.inner]
        place = self.dice.below(len(verbs))
        if all(verbs[place].tense != other.tense for other in verbs[place + 1 :]):
            adverb = self.dice.pick(self.lexicon.times[verbs[place].tense])
            verbs[place].node.right.append(Node(adverb, "ADV", "advmod"))
            clause.inner = clause.inner[:place]

    def noun_phrase(self, relation: str, deep: bool, joint: bool = False, verb: Verb | None = None) -> Phrase:
        """Draw a noun phrase.

        Args:
            relation: of its noun.
            deep: whether it may contain clauses and other noun phrases.
            joint: whether it may be joined with another by "and".
            verb: the verb before it, whose prepositions are not for its noun; None for a subject.
        """
        dice, lexicon = self.dice, self.lexicon
        if dice.chance(0.1):
            name = dice.pick(lexicon.names)
            return Phrase(Node(name.stem, "PROPN", relation), name, False, False)
        noun, plural = dice.pick(lexicon.nouns), dice.chance(0.4)
        node = Node(noun.form(plural), "NOUN", relation)
        node.left += self.determiner(plural)
        if dice.chance(0.3):
            node.left.append(self.adjective("amod"))
        if dice.chance(0.08):
            node.left.append(Node(dice.pick(lexicon.nouns).stem, "NOUN", "compound"))
        last: tuple[Noun, bool, Node] = noun, plural, node
        if dice.chance(0.1):
            other = self.simple("nmod", "of")
            node.right.append(other.node)
            return Phrase(node, noun, plural, False)
        if deep and dice.chance(0.35):
            prepositions = [word for word in PREPOSITIONS if verb is None or word not in verb.prepositions]
            other = self.simple("nmod", dice.pick(prepositions))
            node.right.append(other.node)
            last = other.noun, other.plural, other.node
        if deep and dice.chance(0.25):
            return self.with_clause(node, noun, plural, last)
        if joint and dice.chance(0.15):
            return self.joined(node, noun, plural, last)
        return Phrase(node, noun, plural, False)

    def determiner(self, plural: bool) -> list[Node]:
        """Draw an article, a number, a possessor or nothing."""
        dice = self.dice
        if dice.chance(0.08):
            owner = self.simple("nmod:poss")
            owner.node.right.append(Node("'s", "PART", "case", joined=True))
            return [owner.node]
        if plural:
            word = dice.pick(("the", "the", "some", "two", "three", ""))
            tag, relation = ("NUM", "nummod") if word in ("two", "three") else ("DET", "det")
            return [Node(word, tag, relation)] if word else []
        return [Node(dice.pick(("the", "the", "a", "every")), "DET", "det")]

    def adjective(self, relation: str) -> Node:
        """Draw an adjective, with "very" at times."""
        node = Node(self.dice.pick(self.lexicon.adjectives), "ADJ", relation)
        if self.dice.chance(0.25):
            node.left.append(Node(self.dice.pick(("very", "too")), "ADV", "advmod"))
        return node

    def simple(self, relation: str, preposition: str = "", nouns: Sequence[Noun] = ()) -> Phrase:
        """Draw a noun with an article, after a preposition if one is given."""
        dice = self.dice
        noun, plural = dice.pick(nouns or self.lexicon.nouns), dice.chance(0.4)
        node = Node(noun.form(plural), "NOUN", relation)
        node.left.append(Node("the" if plural else dice.pick(("the", "a")), "DET", "det"))
        if preposition:
            node.left.insert(0, Node(preposition, "ADP", "case"))
        return Phrase(node, noun, plural, False)

    def with_clause(self, node: Node, noun: Noun, plural: bool, last: tuple[Noun, bool, Node]) -> Phrase:
        """Add a relative clause: to the noun itself if the last noun has another number, and else to that."""
        dice = self.dice
        tense = dice.pick((PRESENT, PRESENT, PAST))
        high = tense == PRESENT and plural != last[1] and dice.chance(0.6)
        described, number = (node, plural) if high else (last[2], last[1])
        clause = self.verb_phrase("acl:relcl", tense, number, deep=False, bare=True)
        clause.node.left.insert(0, Node("that", "PRON", "nsubj"))
        described.right.append(clause.node)
        self.last_clause = clause
        return Phrase(node, noun, plural, True)

    def joined(self, node: Node, noun: Noun, plural: bool, last: tuple[Noun, bool, Node]) -> Phrase:
        """Join a noun with the last noun of its kind: with that at the end, or with the head of the phrase."""
        dice = self.dice
        high = noun.alive != last[0].alive and dice.chance(0.6)
        first, kind = (node, noun) if high else (last[2], last[0])
        other = self.simple("conj", nouns=self.lexicon.nouns_like(kind))
        other.node.left.insert(0, Node(dice.pick(("and", "or")), "CCONJ", "cc"))
        first.right.append(other.node)
        return Phrase(node, noun, plural or first is node, False)


def tree_of(root: Node) -> Tree:
    """Return a sentence as plain data."""
    words = list(root.words())
    places = {id(word): place for place, word in enumerate(words, 1)}
    heads = [0] * len(words)
    for word in words:
        for child in (*word.left, *word.right):
            heads[places[id(child)] - 1] = places[id(word)]
    columns = zip(*((word.form, word.tag, word.relation, word.joined) for word in words), strict=True)
    forms, tags, relations, joined = columns
    return Tree(forms, tags, tuple(heads), relations, joined)


def trees(seed: int) -> Iterator[Tree]:
    """Draw a language; yield sentences of it, endlessly and with repetitions."""
    dice = Dice(seed)
    speaker = Speaker(dice, Lexicon(dice))
    while True:
        tree = tree_of(speaker.sentence())
        if len(tree.forms) <= MAX_WORDS:
            yield tree


def toy_treebank(seed: int = 0, train: int = TRAIN, dev: int = DEV, test: int = TEST) -> tuple[list[Tree], ...]:
    """Draw a language, and sentences of it for train, dev and test, all different.

    The same seed gives the same sentences; test doesn't depend on the numbers of dev and train.
    """
    found: dict[tuple[str, ...], Tree] = {}
    drawn = trees(seed)
    while len(found) < test + dev + train:
        tree = next(drawn)
        found.setdefault(tree.forms, tree)
    every = list(found.values())
    return every[test + dev :], every[test : test + dev], every[:test]


def to_conllu(sentences: Sequence[Tree]) -> str:
    """Return sentences in CoNLL-U, with words that are written in one as multiword tokens."""
    return "".join(f"{as_conllu(tree, number)}\n" for number, tree in enumerate(sentences, 1))


def as_conllu(tree: Tree, number: int) -> str:
    """Return the lines of one sentence."""
    texts, rows = [], []
    for i, (form, tag, head, relation, joined) in enumerate(zip(*tree, strict=True), 1):
        if joined:
            texts[-1] += form
        else:
            texts.append(form)
        if i < len(tree.forms) and tree.joined[i]:
            rows.append(f"{i}-{i + 1}\t{form}{tree.forms[i]}" + 8 * "\t_")
        rows.append(f"{i}\t{form}\t_\t{tag}\t_\t_\t{head}\t{relation}\t_\t_")
    return "\n".join([f"# sent_id = {number}", f"# text = {' '.join(texts)}", *rows, ""])


if __name__ == "__main__":
    print(to_conllu(toy_treebank(train=8, dev=0, test=0)[0]), end="")
