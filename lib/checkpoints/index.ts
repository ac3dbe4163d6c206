export { InputError, messageOf, oneLine, quoted, shown } from './input-error';
export { checkShape, decodeText, parseJson, readBytes, readJsonFile, readTextFile } from './json-file';
export { parsePickle } from './pickle';
export { type Json } from './pickle-values';
export { openWeights, type Weights } from './sharded';
export { openSafetensors, saveSafetensors, type SafetensorsFile } from './safetensors';
export { type TensorInfo } from './safetensors-header';
export { writeAside, writeTextAside } from './write-aside';
