import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';

const MACHINE = process.arch === 'arm64' ? 183 : 62;

/** The smallest ELF file that tells what it needs: one PT_LOAD over everything, one PT_DYNAMIC. */
export function fakeElf(needed: readonly string[] = [], { runPath = '$ORIGIN', machine = MACHINE } = {}): Buffer {
  const strings = ['', runPath, ...needed];
  const table = Buffer.from(strings.join('\0') + '\0');
  const offsetOf = (index: number) => Buffer.byteLength(strings.slice(0, index).join('\0')) + (index > 0 ? 1 : 0);
  const address = 0x10000;
  const dynamicAt = 64 + 2 * 56;
  const tags: [number, number][] = needed.map((_, index) => [1, offsetOf(index + 2)]);
  const dynamicSize = (tags.length + 3) * 16;
  tags.push([29, offsetOf(1)], [5, address + dynamicAt + dynamicSize], [0, 0]);
  const file = Buffer.alloc(dynamicAt + dynamicSize + table.length);
  file.writeUInt32BE(0x7f454c46, 0);
  file.set([2, 1, 1], 4);
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segments = [
    [1, 0, file.length],
    [2, dynamicAt, dynamicSize],
  ];
  segments.forEach(([type = 0, offset = 0, size = 0], index) => {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(address + offset), at + 16);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  });
  tags.forEach(([tag, value], index) => {
    file.writeBigInt64LE(BigInt(tag), dynamicAt + index * 16);
    file.writeBigUInt64LE(BigInt(value), dynamicAt + index * 16 + 8);
  });
  table.copy(file, dynamicAt + dynamicSize);
  return file;
}

export interface FakeLibtorch {
  version?: string;
  /** What lib/libtorch_cuda.so needs; there is no such file when this is not given. */
  cudaNeeds?: readonly string[];
  machine?: number;
}

/** The files of a libtorch that `inspect` takes for real, by their place below its folder. */
export function libtorchFiles({ version = '2.13.0+cpu', cudaNeeds, machine }: FakeLibtorch = {}): Map<string, Buffer> {
  const files = new Map<string, Buffer>([
    ['lib/libtorch.so', fakeElf(['libtorch_cpu.so'], { machine })],
    ['lib/libtorch_cpu.so', fakeElf(['libc10.so', 'libc.so.6'], { machine })],
    ['lib/libc10.so', fakeElf(['libstdc++.so.6'], { machine })],
    ['include/ATen/ATen.h', Buffer.from('// ATen\n')],
    ['include/ATen/core/dispatch/Dispatcher.h', Buffer.from('// Dispatcher\n')],
    ['include/torch/library.h', Buffer.from('// library\n')],
    ['build-version', Buffer.from(`${version}\n`)],
  ]);
  if (cudaNeeds) files.set('lib/libtorch_cuda.so', fakeElf(cudaNeeds, { runPath: '$ORIGIN/../../nvidia/lib' }));
  return files;
}

/** Writes a fake libtorch to `folder` and returns the folder. */
export function writeLibtorch(folder: string, options: FakeLibtorch = {}): string {
  for (const [name, content] of libtorchFiles(options)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** A zip archive of stored (uncompressed) files. */
export function zip(files: ReadonlyMap<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const title = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(content.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(title.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, rest, title);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), shared, title, content);
    offset += 4 + shared.length + title.length + content.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, entries, end]);
}

/** A wheel (`torch/...`) or an official archive (`libtorch/...`) that holds a fake libtorch. */
export function libtorchArchive(root: 'torch' | 'libtorch', options: FakeLibtorch = {}): Buffer {
  const files = new Map([...libtorchFiles(options)].map(([name, content]) => [`${root}/${name}`, content]));
  files.set(`${root}/lib/libtorch_python.so`, fakeElf(['libpython3.so']));
  files.set(`${root}/nn/functional.py`, Buffer.from('pass\n'));
  return zip(files);
}
