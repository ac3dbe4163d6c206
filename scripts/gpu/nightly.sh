#!/usr/bin/env bash
# On a machine with a GPU: packs this checkout, runs the pack here, and compares with the last run that is kept of the device.
#
#   npm run test:gpu [-- --add]          --add keeps the run, as scripts/gpu/compare.js does
#
# OUT (gpu-results), PYTHON and the other variables are those of scripts/gpu/run.sh. Ends with 1 when a part failed or a
# number is worse than it was.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export OUT="${OUT:-gpu-results}"
work="$(mktemp -d "${TMPDIR:-/tmp}/soo-torch-gpu.XXXXXX")"
trap 'rm -rf "$work"' EXIT

"$here/scripts/gpu/pack.sh" "$work/pack"
status=0
"$work/pack/run.sh" || status=$?
node "$here/scripts/gpu/compare.js" "$OUT/summary.json" "$@" || status=1
exit "$status"
