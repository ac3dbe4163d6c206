import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LibtorchRecord } from './load-native';
import type { NativeAddon } from './native';

export interface Version {
  /** Of libtorch, as it names itself: `2.13.0+cpu`. */
  torch: string;
  /** Of soo-torch. */
  addon: string;
  /** The libtorch version that the addon was compiled against. */
  builtWith: string;
  /** The folder that holds libtorch's `lib`. */
  path: string;
  /** How it was found. */
  how: string;
  /** The instruction set its kernels use here. */
  processor: string;
}

export function version(libtorch: LibtorchRecord, native: NativeAddon): Version {
  const manifest = path.resolve(__dirname, '..', '..', 'package.json');
  const { version: addon } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return {
    torch: libtorch.version,
    addon,
    builtWith: native.builtWith,
    path: libtorch.path,
    how: libtorch.how,
    processor: native.processor(),
  };
}
