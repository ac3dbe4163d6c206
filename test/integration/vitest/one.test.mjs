import * as soo from 'soo-torch';
import { expect, test } from 'vitest';
import { work, WANTED } from './work.js';

test('soo-torch works in Vitest', () => {
  for (let round = 0; round < 3; round++) expect(work(soo)).toEqual(WANTED);
});
