"""Caches as huggingface_hub makes and reads them, against the stub of the hub in test/hub: writes hub.json.

    python test/parity/make_hub.py            (huggingface_hub 2.4; Node, in a built checkout)

Checks too that Python finds, offline, what `resolveModel` has fetched.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODE = ["node", "--import", "./test/typescript.mjs"]
NAMES = ["acme/small", "acme/shards", "acme/one-GGUF"]

FETCH = """
const { resolveModel } = require('./lib/hub');
(async () => {
  for (const name of process.argv.slice(1)) console.log((await resolveModel(name)).path);
})();
"""

SNAPSHOT = """
import sys
from huggingface_hub import snapshot_download
for name in sys.argv[1:]: print(snapshot_download(name))
"""

SCAN = """
import json, sys
from huggingface_hub import scan_cache_dir
cache = scan_cache_dir()
print(json.dumps({
    "warnings": [str(warning) for warning in cache.warnings],
    "models": {repo.repo_id: {
        "bytes": repo.size_on_disk,
        "revisions": {
            revision.commit_hash: {"refs": sorted(revision.refs), "files": sorted(f.file_name for f in revision.files)}
            for revision in repo.revisions
        },
    } for repo in sorted(cache.repos, key=lambda repo: repo.repo_id)},
}))
"""


def run(*command: str, **env: str) -> str:
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **quiet, **env}, check=True, capture_output=True, text=True
    ).stdout


def tree(cache: Path) -> dict[str, str]:
    """Every file and link of a cache, and where the links lead; not the locks, which each library has of its own."""
    found = {}
    for path in sorted(cache.rglob("*")):
        name = str(path.relative_to(cache))
        if name.startswith(".locks") or path.is_dir():
            continue
        found[name] = f"-> {os.readlink(path)}" if path.is_symlink() else path.stat().st_size
    return found


def main() -> None:
    server = subprocess.Popen([*NODE, "test/hub/serve.ts"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        endpoint = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            python, ours = Path(folder) / "python", Path(folder) / "ours"
            fetched = run(sys.executable, "-c", SNAPSHOT, *NAMES, HF_ENDPOINT=endpoint, HF_HUB_CACHE=str(python))
            made = run(*NODE, "-e", FETCH, *NAMES, HF_ENDPOINT=endpoint, HF_HUB_CACHE=str(ours), HF_TOKEN="")
            # Offline, each finds what the other has fetched.
            offline = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}
            found = run(sys.executable, "-c", SNAPSHOT, *NAMES, HF_HUB_CACHE=str(ours), **offline)
            by_file = [line.rsplit("/", 1)[0] if line.endswith(".gguf") else line for line in made.split()]
            assert found.split() == by_file, f"{found} is not {made}"
            ggufs = [f"{name}:x-Q4_0.gguf" if name.endswith("GGUF") else name for name in NAMES]
            back = run(*NODE, "-e", FETCH, *ggufs, HF_HUB_CACHE=str(python), **offline)
            assert [line.removesuffix("/x-Q4_0.gguf") for line in back.split()] == fetched.split(), f"{back} is not {fetched}"
            scanned = json.loads(run(sys.executable, "-c", SCAN, HF_HUB_CACHE=str(ours)))
            assert scanned["warnings"] == [], scanned["warnings"]
            trees = {
                str(path.relative_to(python)): path.read_text() for path in sorted(python.rglob("trees/*.json"))
            }
            expected = {"names": NAMES, "python": tree(python), "listings": trees, "oursAsPythonSeesIt": scanned["models"]}
            (Path(__file__).parent / "hub.json").write_text(json.dumps(expected, indent=1) + "\n")
    finally:
        server.kill()


main()
