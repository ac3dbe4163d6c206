'use strict';

// `npm run build`: npm dependencies, libtorch, addon, declarations and dist, as far as they are not fresh.

const { whenReady } = require('./ready');

whenReady(() => 0);
