'use strict';

// The active Python, asked without importing torch: that would take seconds and may run anything.

const path = require('node:path');
const { execFileSync } = require('node:child_process');

const QUESTION = `
import importlib.util, json, sys
torch = importlib.util.find_spec('torch')
print(json.dumps({
  'executable': sys.executable,
  'torch': list(torch.submodule_search_locations or [None])[0] if torch else None,
  'pip': importlib.util.find_spec('pip') is not None,
}))`;

function candidates(env) {
  if (env.PYTHON) return [env.PYTHON];
  const environments = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter(Boolean);
  return [...environments.map((folder) => path.join(folder, 'bin', 'python')), 'python3', 'python'];
}

/** Returns { executable, torch: folder or null, pip: boolean }, or null when there is no Python that answers. */
function askPython(env = process.env) {
  for (const python of candidates(env)) {
    try {
      const options = { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'], timeout: 30_000, cwd: '/' };
      return JSON.parse(execFileSync(python, ['-c', QUESTION], options));
    } catch {
      // Not there, or not a Python: try the next.
    }
  }
  return null;
}

module.exports = { askPython };
