'use strict';
/* global expect, test */

// Copied several times, so that a worker of Jest's runs several files: each gets the library's JavaScript anew.
const soo = require('soo-torch');
const { work, WANTED } = require('./work');

test('soo-torch works in Jest', () => {
  for (let round = 0; round < 3; round++) expect(work(soo)).toEqual(WANTED);
});
