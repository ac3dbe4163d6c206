'use strict';

// Writes docs/operators.md: how many operators the linked libtorch has, and which cannot be called from JavaScript.
// Needs a built dist/.

const fs = require('node:fs');
const path = require('node:path');
const { torch } = require('../dist');

const all = torch.operators();
const refused = all.filter(({ problem }) => problem !== null);
const rows = refused.map(({ name, problem }) => `| \`${name}\` | ${problem.replace(/[|_]/g, '\\$&')} |`);
const text = `# Operators

libtorch ${torch.version.torch} lists ${all.length} overloads of \`aten\` operators; ${all.length - refused.length} can be called, and these ${refused.length} cannot:

| overload | why |
| --- | --- |
${rows.join('\n')}

Written by \`node scripts/list-operators.js\`. An overload is called by its full name with \`torch.op('add.Tensor')(a, b)\`.
`;
fs.writeFileSync(path.join(__dirname, '..', 'docs', 'operators.md'), text);
