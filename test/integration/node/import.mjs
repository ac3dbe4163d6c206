import assert from 'node:assert';
import * as soo from 'soo-torch';
import { work, WANTED } from './work.js';

assert.deepStrictEqual(work(soo), WANTED);
