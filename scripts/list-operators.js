'use strict';

// Writes docs/operators.md: how many operators the linked libtorch has, and which cannot be called from JavaScript.
// Needs a built dist/.

const fs = require('node:fs');
const path = require('node:path');
const { torch } = require('../dist');

const ARGUMENTS = `
## Arguments that are refused, or mean something else

\`npm run test:opinfo\` replays PyTorch's own samples of its operators through the binding (it needs Python with torch).
These are the differences that it knows, and the arguments that are refused because they would end or stop the process:

| arguments | why |
| --- | --- |
| a whole float, as Python's \`2.0\`, among integers | JavaScript has one kind of number: \`2.0\` is \`2\`, an integer. Name the dtype of the result where it matters. |
| integers in lists (sizes, strides, paddings) beyond 2^53 | their sums overflow inside of kernels |
| \`div\` with \`roundingMode: 'trunc'\` and \`lcm\` where the lowest integer is divided by -1 | the processor traps; Python dies |
| \`random_(from)\` of floats from 2^63 - 1 on | libtorch rounds it in steps that never end; Python hangs |
| \`range\` with a step below 1 for integers | Python dies |
| \`linalgEigvals\` of NaN and infinities | LAPACK ends the process; Python dies |
| \`gridSampler\` with NaN or infinities in the grid where gradients are wanted | a gradient goes to the pixels that the grid names, and no pixel is at infinity |
| \`specialLaguerrePolynomialL\` and \`specialLegendrePolynomialP\` of more than 2^31 steps | each step of a degree is computed, which cannot be stopped |
| \`segmentReduce\` with \`unsafe: true\` and lengths that do not sum to the size | it would read beyond the data |
`;

const all = torch.operators();
const refused = all.filter(({ problem }) => problem !== null);
const rows = refused.map(({ name, problem }) => `| \`${name}\` | ${problem.replace(/[|_]/g, '\\$&')} |`);
const text = `# Operators

libtorch ${torch.version.torch} lists ${all.length} overloads of \`aten\` operators; ${all.length - refused.length} can be called, and these ${refused.length} cannot:

| overload | why |
| --- | --- |
${rows.join('\n')}

An overload is called by its full name with \`torch.op('add.Tensor')(a, b)\`.
${ARGUMENTS}
Written by \`node scripts/list-operators.js\`.
`;
fs.writeFileSync(path.join(__dirname, '..', 'docs', 'operators.md'), text);
