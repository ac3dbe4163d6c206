#!/usr/bin/env bash
# Rehearses the packed run on this machine's processor: in an empty folder, with no Node on the PATH, at a size of seconds.
#
#   scripts/gpu/rehearse.sh [FOLDER] [--parts build,tests,...]      FOLDER: a pack, made anew when it is left out
#
# PYTHON: a Python with torch, transformers and peft (python3). SOO_GPU_SECONDS: for all parts, 3600 here.
# SOO_GPU_KEEP: a folder that the results are copied to.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
python="$(command -v "${PYTHON:-python3}")"
empty="$(mktemp -d "${TMPDIR:-/tmp}/soo-torch-rehearsal.XXXXXX")"
trap 'rm -rf "$empty"' EXIT

if [[ $# -gt 0 && "$1" != --* ]]; then
  cp -r "$1" "$empty/pack"
  shift
else
  "$here/scripts/gpu/pack.sh" "$empty/pack"
fi

# Every program that is installed here, but Node and what comes with it.
mkdir "$empty/programs" "$empty/tmp" "$empty/home"
for folder in /usr/local/bin /usr/bin /bin; do
  for program in "$folder"/*; do
    case "${program##*/}" in
      node | nodejs | npm | npx | corepack | yarn | pnpm | bun | deno) ;;
      *) [[ -e "$empty/programs/${program##*/}" ]] || ln -s "$program" "$empty/programs/" ;;
    esac
  done
done

cd "$empty"
if env -i PATH="$empty/programs" bash -c 'command -v node'; then
  echo 'there is still a Node on the PATH' >&2
  exit 1
fi
begun=$SECONDS
status=0
env -i PATH="$empty/programs" HOME="$empty/home" TMPDIR="$empty/tmp" LANG=C.UTF-8 PYTHON="$python" OUT="$empty/results" \
  SOO_TEST_DEVICE=cpu SOO_GPU_SCALE=tiny SOO_GPU_SECONDS="${SOO_GPU_SECONDS:-3600}" \
  bash "$empty/pack/run.sh" "$@" || status=$?
if [[ -n "${SOO_GPU_KEEP:-}" ]]; then cp -r "$empty/results" "$SOO_GPU_KEEP"; fi
printf 'rehearsed in %d s\n' "$((SECONDS - begun))"
if [[ ! -s "$empty/results/summary.json" ]]; then
  echo 'the run left no summary.json' >&2
  exit 1
fi
exit "$status"
