'use strict';

// The one source list of the addon: CMakeLists.txt and binding.gyp run this file, and build-addon.js asks it.

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');

/** Paths of the addon's source files relative to the package, sorted. What lies in cuda/ is built by compile-cuda.js. */
function nativeSources() {
  const names = fs.readdirSync(path.join(ROOT, 'native'), { recursive: true }).map(String);
  return names
    .filter((name) => name.endsWith('.cc') && path.dirname(name) !== 'cuda')
    .sort()
    .map((name) => `native/${name.split(path.sep).join('/')}`);
}

module.exports = { nativeSources };

if (require.main === module) process.stdout.write(nativeSources().join('\n'));
