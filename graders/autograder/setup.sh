#!/bin/sh
# Gradescope runs this once, when it builds the image. It needs no conda: a virtual environment with what the wheel in this
# folder needs, in the versions of constraints.txt. A second run in the same image finds it there and ends.
#
# Settings of pip work here too: PIP_EXTRA_INDEX_URL, for example, to take a smaller torch, without CUDA, from its index.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
environment=${1:-$(dirname "$source")/environment}
wheel=$(echo "$source"/trivium-*.whl)
version=$(cat "$wheel" "$source/constraints.txt" | sha256sum)

if [ "$(cat "$environment/installed" 2>/dev/null || true)" = "$version" ]; then
    echo "$environment: already installed"
    exit 0
fi

recent() { "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for candidate in python3.13 python3.12 python3.11 python3; do
    if [ -z "$python" ] && recent "$candidate"; then python=$candidate; fi
done
if [ -z "$python" ]; then
    apt-get update
    apt-get install -y python3.11 python3.11-venv
    python=python3.11
fi

"$python" -m venv --clear "$environment"
"$environment/bin/python" -m pip install --no-cache-dir --constraint "$source/constraints.txt" "$wheel[graders]"
echo "$version" >"$environment/installed"
echo "installed: $(du -sh "$environment" | cut -f1) in $environment"
