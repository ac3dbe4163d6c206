// The floors of docs/architecture.md, from the ground up: a floor may use the floors under it, never the ones above, and
// a room of its own floor only where an arrow is named here.
export const FLOORS = [
  ['torch', 'files', 'random.ts', 'statistics'],
  ['nn', 'optim', 'text', 'checkpoints', 'hub', 'distributed'],
  ['models', 'peft'],
  ['evals', 'training'],
  ['soo', 'rl', 'organism'],
  ['studies', 'compute'],
  ['report'],
  ['cli', 'index.ts'],
];

/** Rooms of one floor that may use each other, in this direction. */
const arrows = [
  ['statistics', 'random.ts'],
  ['optim', 'nn'],
  ['peft', 'models'],
  ['organism', 'soo'],
];

const places = (rooms) =>
  `^lib/(${rooms.map((room) => (room.endsWith('.ts') ? room.replace('.', '\\.') : `${room}/`)).join('|')})`;

const upwards = FLOORS.slice(0, -1).map((rooms, floor) => ({
  name: `floor-${floor + 1}-uses-no-higher-floor`,
  comment: 'A floor may use the floors under it, never the ones above.',
  severity: 'error',
  from: { path: places(rooms) },
  to: { path: places(FLOORS.slice(floor + 1).flat()) },
}));

const sideways = FLOORS.flatMap((rooms) =>
  rooms.map((room) => {
    const allowed = [room, ...arrows.filter(([from]) => from === room).map(([, to]) => to)];
    return {
      name: `${room.replace('.ts', '')}-uses-its-named-neighbours-only`,
      comment: 'Rooms of one floor use each other only where an arrow is named.',
      severity: 'error',
      from: { path: places([room]) },
      to: { path: places(rooms), pathNot: places(allowed) },
    };
  }),
);

export default {
  forbidden: [
    ...upwards,
    ...sideways,
    {
      name: 'no-circle',
      comment: 'Files that need each other at run time are one idea; types may point both ways inside lib/torch.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-circle-of-types-outside-torch',
      comment: 'Only lib/torch may have circles of types: a tensor knows its operators, and they know tensors.',
      severity: 'error',
      from: { pathNot: '^lib/torch/' },
      to: { circular: true },
    },
    {
      name: 'library-knows-no-tests',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(test|bench|experiments)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules|\\.generated\\.ts$' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.d.ts'] },
  },
};
