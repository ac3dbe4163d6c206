'use strict';

// libtorch out of PyTorch's official archive, over HTTPS.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { Transform } = require('node:stream');
const { progress, megabytes } = require('../say');
const { unpack } = require('./unpack');

const STALL_SECONDS = 60;

/** Where the archive of this version and variant ('cpu', 'cu126') is; SOO_TORCH_ARCHIVE_URL names another place. */
function archiveUrl(version, variant, env = process.env) {
  if (env.SOO_TORCH_ARCHIVE_URL) return env.SOO_TORCH_ARCHIVE_URL;
  const name = `libtorch-shared-with-deps-${version}+${variant}.zip`;
  return `https://download.pytorch.org/libtorch/${variant}/${encodeURIComponent(name)}`;
}

/** Bytes come now and then, or the download is given up: undici waits five minutes, and longer for the first. */
function stallWatch(seconds) {
  const controller = new AbortController();
  let timer;
  const watch = {
    signal: controller.signal,
    alive() {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(new Error(`nothing came for ${seconds} seconds`)), 1000 * seconds);
    },
    stop: () => clearTimeout(timer),
  };
  watch.alive();
  return watch;
}

async function download(url, target, stallSeconds) {
  const step = progress(`downloading ${url}`);
  const watch = stallWatch(stallSeconds);
  const { signal } = watch;
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`);
    const total = Number(response.headers.get('content-length')) || 0;
    const hash = crypto.createHash('sha256');
    let bytes = 0;
    const meter = new Transform({
      transform(chunk, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        watch.alive();
        step.update(total ? `${megabytes(bytes)} of ${megabytes(total)}` : megabytes(bytes));
        done(null, chunk);
      },
    });
    await pipeline(response.body, meter, fs.createWriteStream(target), { signal });
    if (total && bytes !== total) throw new Error(`the download ended after ${bytes} of ${total} bytes`);
    step.done(megabytes(bytes));
    return hash.digest('hex');
  } catch (error) {
    step.done('failed');
    const { reason } = signal;
    throw new Error(`${url}: ${reason?.message ?? error.cause?.message ?? error.message}`);
  } finally {
    watch.stop();
  }
}

/** Fills `folder/libtorch` from the archive; returns { from, sha256 }. Checks SOO_TORCH_ARCHIVE_SHA256 when given. */
async function fillFromArchive(folder, version, variant, env) {
  const url = archiveUrl(version, variant, env);
  const archive = path.join(folder, 'libtorch.zip');
  const sha256 = await download(url, archive, Number(env.SOO_TORCH_STALL_SECONDS) || STALL_SECONDS);
  const wanted = env.SOO_TORCH_ARCHIVE_SHA256?.toLowerCase();
  if (wanted && wanted !== sha256) throw new Error(`${url}: SHA-256 should be ${wanted} and is ${sha256}`);
  await unpack(archive, path.join(folder, 'libtorch'), progress('unpacking the archive'));
  return { from: url, sha256 };
}

module.exports = { archiveUrl, fillFromArchive };
