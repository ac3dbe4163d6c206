'use strict';

// The ways out of a failed lookup: only those that fit what was found.

const { archiveUrl } = require('./archive');
const { cacheFolder } = require('./cache');
const { BYPASS } = require('./inspect');

/** `tried` is the list of { how, problem, kind? } that the lookup collected; returns lines, best way first. */
function suggestFixes(tried, { version, variant }, env) {
  const met = (how, kind) => tried.some((each) => each.how === how && (!kind || each.kind === kind));
  const url = archiveUrl(version, variant, env);
  if (met('LIBTORCH')) {
    return [
      ...(met('LIBTORCH', 'version') ? [`set ${BYPASS}=1 to try this version all the same`] : []),
      ...(met('LIBTORCH', 'libraries') ? ["put the missing libraries' folder on LD_LIBRARY_PATH"] : []),
      'set LIBTORCH to a folder that holds lib/ and include/ of libtorch 2.11 to 2.14',
      'unset LIBTORCH to have libtorch looked for and fetched',
    ];
  }
  const fixes = [];
  if (met('python', 'version')) {
    fixes.push(`set ${BYPASS}=1 to try Python's torch all the same`);
  }
  if (met('python', 'libraries'))
    fixes.push("install NVIDIA's libraries for Python's torch: pip install --upgrade torch");
  if (met('pip', 'absent')) fixes.push('install Python with pip (Debian, Ubuntu: apt-get install python3-pip)');
  if (met('pip', 'failed') || met('archive')) {
    fixes.push('check the network; a proxy needs pip configured for it (pip config set global.proxy URL)');
  }
  fixes.push(
    `download ${url} by hand, unpack it, and set LIBTORCH to its libtorch folder`,
    `put an unpacked libtorch into ${cacheFolder(env)} as libtorch-${version}+${variant}`,
  );
  return fixes;
}

module.exports = { suggestFixes };
