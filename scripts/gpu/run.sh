#!/usr/bin/env bash
# Runs the packed suite on a machine with a GPU: no Node and no network are needed, but Python 3 with torch (2.11 to 2.14),
# cmake and a C++20 compiler. Lies beside content.tar.xz, which scripts/gpu/pack.sh made.
#
#   OUT=results ./run.sh [--parts build,tests,...]
#
# OUT gets results.jsonl, summary.json, summary.txt and log.txt, part by part. Ends with 1 when a part failed.
# PYTHON: the Python (python3). SOO_TEST_DEVICE (cuda; cpu for a rehearsal), SOO_GPU_SCALE (full; tiny), SOO_GPU_SECONDS
# (510, for all parts), SOO_GPU_WORK (where it is unpacked; a temporary folder that goes afterwards).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="$(mkdir -p "${OUT:-gpu-results}" && cd "${OUT:-gpu-results}" && pwd)"
python="${PYTHON:-python3}"
if [[ -n "${SOO_GPU_WORK:-}" ]]; then
  mkdir -p "$SOO_GPU_WORK"
  work="$(cd "$SOO_GPU_WORK" && pwd)"
else
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
fi

# Where torch lies, without importing it; cmake and ninja may lie beside its Python.
"$python" - "$here/content.tar.xz" "$work" >"$work/facts" <<'EOF'
import importlib.util, os, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    archive.extractall(sys.argv[2])
torch = importlib.util.find_spec('torch')
print(torch.submodule_search_locations[0] if torch else '')
print(os.path.dirname(sys.executable))
print(sys.executable)
EOF
{ read -r libtorch && read -r beside && read -r executable; } <"$work/facts"
if [[ -z "$libtorch" ]]; then
  echo "$python has no torch" >&2
  exit 1
fi

export LIBTORCH="$libtorch" SOO_GPU_PYTHON="$executable"
export PATH="$work/node/bin:$PATH:$beside"
# Some machines mount the driver where the dynamic loader does not look.
if [[ -d /usr/local/nvidia/lib64 ]]; then
  export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/local/nvidia/lib64"
fi
cd "$work/soo-torch"
node scripts/gpu/suite.js --out "$out" "$@"
