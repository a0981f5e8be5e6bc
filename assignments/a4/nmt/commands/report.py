"""After training: test is translated and scored, once, and the report is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmt.commands.decode import notes_on, translated
from nmt.commands.inputs import save_lines
from nmt.recipe import Recipe
from sanity.training.commands import save_files

if TYPE_CHECKING:
    from nmt.corpus import Corpus
    from sanity.training.report import Facts


def report(model: Any, corpus: Corpus, recipe: Recipe, folder: Path, facts: Facts, tokenize: str | None = None) -> None:
    """Translate and score test, if there is one, and write the report, with the facts. Raises SaveError."""
    from nmt.corpus import note
    from nmt.scoring import by_length, score, sentence_chrf
    from nmt.search import attention_of
    from sanity.nmt.plots import curves_of
    from sanity.nmt.report import good_to_map, report_files, worst_and_best
    from sanity.training.plots import Attention
    from sanity.training.tracking import read_log

    source, target = corpus.test.source, corpus.test.target
    title = f"{corpus.name}: {corpus.src} to {corpus.tgt}"
    curves = curves_of(read_log(folder / "log.jsonl"))
    if not source:
        save_files(folder, report_files(title, facts, curves))
        print(f"curves: {folder / 'report.html'}")
        return
    found = translated(model, source, recipe.beam_size, recipe.max_decoding_time_step)
    translations = [model.vocab.tgt.join(hypothesis.value) for hypothesis in found]
    save_lines(folder / "test.translations", translations)
    result = score(translations, target, tokenize)
    lengths = [len(model.vocab.src.split(text)) for text in source]
    bins = by_length(lengths, translations, target, tokenize)
    samples = worst_and_best(source, translations, target, sentence_chrf)
    maps = [Attention(*attention_of(model, source[i], translations[i])) for i in good_to_map(source)]
    save_files(folder, report_files(title, facts, curves, result, samples, maps, bins))
    print(f"test: {result}")
    for line in (*result.notes, *notes_on(model, source, found, recipe.max_decoding_time_step)):
        note(f"note: {line}")
    print(f"curves, attention and translations to read: {folder / 'report.html'}")
