import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import t from 'tap';
import { findLibtorch } from '../../scripts/libtorch/find';
import { libtorchArchive } from './fake-libtorch';

const archive = libtorchArchive('libtorch');
const sha256 = createHash('sha256').update(archive).digest('hex');
const whole: RequestListener = (_, response) => response.end(archive);

/** A machine without Python whose official archive is what `answer` serves. */
async function machine(test: Pick<typeof t, 'testdir' | 'teardown'>, answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => server.close());
  const root = test.testdir();
  const cache = path.join(root, 'cache');
  const env: NodeJS.ProcessEnv = {
    PATH: path.join(root, 'nothing'),
    HOME: root,
    SOO_TORCH_CACHE: cache,
    PYTHON: '/no/python',
    SOO_TORCH_ARCHIVE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/libtorch.zip`,
  };
  return { cache, env };
}

t.test('the archive is fetched, checked and unpacked', async (t) => {
  const { cache, env } = await machine(t, whole);
  const found = await findLibtorch({ env: { ...env, SOO_TORCH_ARCHIVE_SHA256: sha256.toUpperCase() } });
  t.match(found, { how: 'archive', path: path.join(cache, 'libtorch-2.13.0+cpu') });
  t.same(readdirSync(cache), ['libtorch-2.13.0+cpu']);
  t.match(JSON.parse(readFileSync(path.join(found.path, 'origin.json'), 'utf8')), { sha256, how: 'archive' });
  t.match(await findLibtorch({ env }), { how: 'cache' });
});

t.test('a redirect is followed', async (t) => {
  const { env } = await machine(t, (request, response) => {
    if (request.url === '/moved.zip') return void response.end(archive);
    response.writeHead(302, { location: '/moved.zip' }).end();
  });
  t.match(await findLibtorch({ env }), { how: 'archive' });
});

t.test('a wrong checksum is refused and nothing is kept', async (t) => {
  const { cache, env } = await machine(t, whole);
  const wrong = '0'.repeat(64);
  const message = new RegExp(`SHA-256 should be ${wrong} and is ${sha256}`);
  await t.rejects(findLibtorch({ env: { ...env, SOO_TORCH_ARCHIVE_SHA256: wrong } }), { message });
  t.same(readdirSync(cache), []);
});

t.test('what a server may do wrong gives a message and leaves nothing', async (t) => {
  const damaged = Buffer.from(archive);
  const at = damaged.indexOf('// ATen');
  damaged.write('!!', at);
  const cases: [string, RequestListener, RegExp][] = [
    ['not found', (_, response) => response.writeHead(404).end(), /the server answered 404 Not Found/],
    ['no zip', (_, response) => response.end('<html>sign in</html>'), /End of central directory record/i],
    ['another zip', (_, response) => response.end(libtorchArchive('other' as 'torch')), /holds no libtorch/],
    ['damaged', (_, response) => response.end(damaged), /ATen\.h is damaged in the archive/],
    [
      'old version',
      (_, response) => response.end(libtorchArchive('libtorch', { version: '1.9.0' })),
      /version is 1\.9\.0/,
    ],
    [
      'cut off',
      (_, response) => {
        response.writeHead(200, { 'content-length': archive.length });
        response.write(archive.subarray(0, 1000), () => response.destroy());
      },
      /official archive: http.*(terminated|closed|ended after)/,
    ],
  ];
  for (const [name, answer, message] of cases) {
    const { cache, env } = await machine(t, answer);
    await t.rejects(findLibtorch({ env }), { message }, name);
    t.same(readdirSync(cache), [], `${name}: nothing is left`);
  }
});

t.test('CUDA is fetched when it is asked for, and only as the archive', async (t) => {
  const cuda = libtorchArchive('libtorch', { version: '2.13.0+cu126', cudaNeeds: ['libc10.so'] });
  const { cache, env } = await machine(t, (_, response) => response.end(cuda));
  const found = await findLibtorch({ env: { ...env, SOO_TORCH_CUDA: 'cu126' } });
  t.match(found, { how: 'archive', cuda: true, path: path.join(cache, 'libtorch-2.13.0+cu126') });
  t.ok(existsSync(path.join(found.path, 'lib/libtorch_cuda.so')));
});

t.test('a server that stops in the middle is given up', async (t) => {
  const { cache, env } = await machine(t, (_, response) => {
    response.writeHead(200, { 'content-length': archive.length });
    response.write(archive.subarray(0, 10));
  });
  const message = /official archive: http.*: nothing came for 1 seconds/;
  await t.rejects(findLibtorch({ env: { ...env, SOO_TORCH_STALL_SECONDS: '1' } }), { message });
  t.same(readdirSync(cache), []);
});
