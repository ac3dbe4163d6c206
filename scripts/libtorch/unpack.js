'use strict';

// Takes the part of a wheel or of the official archive that soo-torch needs: libraries, headers, version.

const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { pipeline } = require('node:stream/promises');
const { Transform } = require('node:stream');
const { megabytes } = require('../say');

// Python's side of libtorch and its test libraries: tens of megabytes that nothing here loads.
const UNWANTED = /^(libtorch_python|libtorchbind_test|libjitbackend_test|libbackend_with_compiler|libaoti_custom_ops)/;

/** The place of an archive's entry below the libtorch folder, or null when it is not needed. */
function placeOf(name) {
  const [, inside] = /^(?:torch|libtorch)\/(.+)$/.exec(name) ?? [];
  if (!inside || inside.endsWith('/')) return null;
  if (inside === 'build-version' || inside === 'version.py') return inside;
  if (inside.startsWith('include/')) return inside;
  const library = /^lib\/([^/]+\.so(\.[\w.]+)?)$/.exec(inside)?.[1];
  return library && !UNWANTED.test(library) ? inside : null;
}

function checkedCopy(entry, onBytes) {
  let sum = 0;
  return new Transform({
    transform(chunk, _encoding, done) {
      if (zlib.crc32) sum = zlib.crc32(chunk, sum);
      onBytes(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      const damaged = zlib.crc32 && sum >>> 0 !== entry.crc32 >>> 0;
      done(damaged ? new Error(`${entry.fileName} is damaged in the archive`) : null);
    },
  });
}

// libtorch takes three to four times its archive.
const MOST_TIMES = 20;
const ALLOWANCE = 64e6;

/** Unpacks `archive` into `folder` (made by this call); `step` is a progress() to keep the person informed. */
async function unpack(archive, folder, step) {
  const yauzl = require('yauzl');
  const zip = await yauzl.openPromise(archive);
  const most = MOST_TIMES * fs.statSync(archive).size + ALLOWANCE;
  let bytes = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      const place = placeOf(entry.fileName);
      if (!place) continue;
      // The size that is said is the one that comes: yauzl checks it while it unpacks.
      if (bytes + entry.uncompressedSize > most)
        throw new Error(`${path.basename(archive)} unpacks to more than ${megabytes(most)}`);
      const target = path.join(folder, place);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      const count = (more) => {
        bytes += more;
        step.update(megabytes(bytes));
      };
      await pipeline(await zip.openReadStreamPromise(entry), checkedCopy(entry, count), fs.createWriteStream(target));
    }
  } finally {
    zip.close();
  }
  if (bytes === 0) throw new Error(`${path.basename(archive)} holds no libtorch`);
  step.done(megabytes(bytes));
}

module.exports = { unpack, placeOf };
