export { InputError, messageOf, oneLine, quoted, shown } from './input-error';
export { checkShape, parseJson, readJsonFile, readTextFile } from './json-file';
export { openWeights, type Weights } from './sharded';
export { openSafetensors, saveSafetensors, type SafetensorsFile } from './safetensors';
export { type TensorInfo } from './safetensors-header';
export { writeAside, writeTextAside } from './write-aside';
