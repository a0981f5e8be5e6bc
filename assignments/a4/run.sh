#!/usr/bin/env bash
# Train and try a model: bash run.sh train_debug | train_local | train | test_local | test | vocab [more options of run.py]
#
# Each is one call of run.py or vocab.py, which needs no bash: README.md lists them. The text is in the folder DATA, in
# six files: train, dev and test, each in the language SRC and in the language TGT.
#     DATA=data SRC=de TGT=en bash run.sh train
# Output goes to the folder OUT (trained), and the curves to runs: tensorboard --logdir=runs
# The toy languages need no files: python run.py train
set -eu

DATA=${DATA:-data} SRC=${SRC:-src} TGT=${TGT:-tgt} OUT=${OUT:-trained}
PYTHON=${PYTHON:-python}

task=${1:-help}
[ $# -eq 0 ] || shift

train() {
    "$PYTHON" run.py train --vocab="$OUT/vocab.json" --save-to="$OUT/model.bin" \
        --train-src="$DATA/train.$SRC" --train-tgt="$DATA/train.$TGT" \
        --dev-src="$DATA/dev.$SRC" --dev-tgt="$DATA/dev.$TGT" "$@"
}

decode() {
    "$PYTHON" run.py decode "$OUT/model.bin" "$DATA/test.$SRC" "$DATA/test.$TGT" "$OUT/test.translations" --force "$@"
}

case $task in
    vocab)       mkdir -p "$OUT" && "$PYTHON" vocab.py --train-src="$DATA/train.$SRC" --train-tgt="$DATA/train.$TGT" "$@" "$OUT/vocab.json" ;;
    train)       train --cuda --preset=large "$@" ;;
    train_local) train --device=cpu "$@" ;;
    train_debug) train --device=cpu --preset=debug "$@" ;;
    test)        decode --cuda "$@" ;;
    test_local)  decode --device=cpu "$@" ;;
    *)           sed -n 's/^# //p' "$0" >&2; exit 2 ;;
esac
