'use strict';

// Reads from a Linux shared library (64-bit little-endian ELF) what the dynamic loader will want of it.
// Only the headers are read: libtorch_cuda.so is larger than a Buffer may be.

const fs = require('node:fs');

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const MACHINES = { 62: 'x64', 183: 'arm64' };

function readAt(fd, offset, length) {
  const buffer = Buffer.alloc(length);
  const read = fs.readSync(fd, buffer, 0, length, offset);
  if (read !== length) throw new Error('the file is cut short');
  return buffer;
}

function readSegments(fd, header) {
  const size = header.readUInt16LE(54);
  const table = readAt(fd, Number(header.readBigUInt64LE(32)), size * header.readUInt16LE(56));
  const segments = [];
  for (let at = 0; at < table.length; at += size) {
    segments.push({
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      size: Number(table.readBigUInt64LE(at + 32)),
    });
  }
  return segments;
}

function readString(fd, offset) {
  const buffer = Buffer.alloc(4096);
  const length = fs.readSync(fd, buffer, 0, buffer.length, offset);
  const end = buffer.indexOf(0);
  return buffer.toString('utf8', 0, end < 0 ? length : end);
}

function readDynamic(fd, segments) {
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (!dynamic) return [];
  const table = readAt(fd, dynamic.offset, dynamic.size);
  const entries = [];
  for (let at = 0; at + 16 <= table.length; at += 16) {
    entries.push({ tag: Number(table.readBigInt64LE(at)), value: Number(table.readBigUInt64LE(at + 8)) });
  }
  return entries;
}

/**
 * Returns { arch: 'x64' | 'arm64' | 'unknown', needed: string[], runPath: string[] } ($ORIGIN left as it is).
 * Throws an Error when the file is no such library.
 */
function readElf(file) {
  const fd = fs.openSync(file, 'r');
  try {
    const header = readAt(fd, 0, 64);
    if (header.readUInt32BE(0) !== 0x7f454c46) throw new Error('not a shared library (no ELF header)');
    if (header[4] !== 2 || header[5] !== 1) throw new Error('not a 64-bit little-endian library');
    const segments = readSegments(fd, header);
    const entries = readDynamic(fd, segments);
    const tableAddress = entries.find((entry) => entry.tag === DT_STRTAB)?.value ?? 0;
    const holder = segments.find(
      ({ type, address, size }) => type === PT_LOAD && tableAddress >= address && tableAddress < address + size,
    );
    const stringsAt = holder ? tableAddress - holder.address + holder.offset : tableAddress;
    const stringsOf = (...tags) =>
      entries.filter(({ tag }) => tags.includes(tag)).map(({ value }) => readString(fd, stringsAt + value));
    return {
      arch: MACHINES[header.readUInt16LE(18)] ?? 'unknown',
      needed: stringsOf(DT_NEEDED),
      runPath: stringsOf(DT_RPATH, DT_RUNPATH).flatMap((text) => text.split(':').filter(Boolean)),
    };
  } finally {
    fs.closeSync(fd);
  }
}

module.exports = { readElf };
