import tseslint from 'typescript-eslint';

// From the ground up: a floor may use the floors under it, never the ones above (see docs/house.md).
const floors = [
  ['torch'],
  ['nn', 'optim'],
  ['models', 'checkpoints', 'peft', 'text'],
  ['soo', 'evals', 'rl', 'report'],
];
const top = ['cli', 'service'];

function floorRule(folders, above) {
  const group = above.flatMap((name) => [`**/${name}`, `**/${name}/**`]);
  return {
    files: folders.map((name) => `lib/${name}/**/*.ts`),
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group, message: 'A floor may only use the floors under it.' }] },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['node_modules/', 'build/', 'dist/', '.dist-*/', '.tap/', '**/*.generated.ts', 'organism/'] },
  {
    files: ['**/*.js'],
    languageOptions: { sourceType: 'commonjs', ecmaVersion: 2023 },
    rules: { 'no-unused-vars': 'error', 'no-var': 'error', 'prefer-const': 'error', eqeqeq: 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // The class Tensor takes its operators from a generated interface.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      // A library that loads late (the command line without the addon) is required where it is needed.
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // tap's `t.test` returns a promise that only a test that nests has to wait for.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
  ...floors.map((folders, index) => floorRule(folders, [...floors.slice(index + 1).flat(), ...top])),
);
