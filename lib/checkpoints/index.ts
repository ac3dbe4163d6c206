export { InputError, messageOf, oneLine, quoted, shown } from '../files/input-error';
export { checkShape, decodeText, parseJson, readBytes, readJsonFile, readTextFile } from '../files/json-file';
export { parsePickle } from '../files/pickle/pickle';
export { type Json } from '../files/pickle/pickle-values';
export { openWeights, type Weights } from './sharded';
export { openSafetensors, saveSafetensors, type SafetensorsFile } from './safetensors';
export { type TensorInfo } from './safetensors-header';
export { writeAside, writeTextAside } from '../files/write-aside';
