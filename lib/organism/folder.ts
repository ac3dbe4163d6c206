import path from 'node:path';

/** Where the embedded model lies, for `models.loadModel`. */
export const folder = path.resolve(__dirname, '..', '..', 'organism');
