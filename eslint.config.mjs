import { defineConfig, globalIgnores } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';
import { layerRule } from './scripts/lint/layers.ts';

/** The only files that load @kubernetes/client-node (a thousand modules); the rest of src/kube may name its types. */
const clientFiles = ['src/kube/config.ts', 'src/kube/client-node.ts'];

/** Time and chance are injected, so that a run can be repeated; here they come from. */
const impureFiles = ['src/base/clock.ts', 'src/base/random.ts'];

const tests = ['**/*.test.ts', 'test/**'];

const moduleLevelArrow =
  ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator:not([id.typeAnnotation]) > ArrowFunctionExpression';

/** What takes as many arguments as there are: whoever chooses how long a list is would have it throw a RangeError. */
const spreadLists = [
  'CallExpression[callee.property.name=/^(push|unshift|min|max|fromCharCode|fromCodePoint)$/] > SpreadElement.arguments',
  'CallExpression[callee.name=/^(union|intersect)$/] > SpreadElement.arguments',
];

const style = {
  'func-style': ['error', 'declaration', { allowArrowFunctions: true }],
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
    {
      selector: moduleLevelArrow,
      message: 'Declare functions of a module with `function`; arrows are for callbacks and closures.',
    },
    ...spreadLists.map((selector) => ({
      selector,
      message: 'Use `extend`, `least` or `greatest` of src/base/lists.ts, `unionOf` or `intersectionOf`.',
    })),
  ],
  'no-console': 'error',
  'no-nested-ternary': 'error',
  'no-param-reassign': 'error',
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
  '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
  '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
  // The models of client-node are classes that only describe JSON: object literals are as good.
  '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
};

const size = {
  complexity: ['error', 12],
  'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
};

/** Longer than `size` allows since one statement stands on a line; each leaves this list with the commit that divides it. */
const tooLong = ['src/operator/controller.ts', 'src/operator/namespace-reconciler.ts'];

const purity = {
  'no-restricted-globals': [
    'error',
    ...['setTimeout', 'setInterval'].map((name) => ({ name, message: 'Use the injected Clock.' })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'Use the injected Clock.' },
    { object: 'performance', property: 'now', message: 'Use the injected Clock.' },
    { object: 'Math', property: 'random', message: 'Use the injected Random.' },
  ],
};

/**
 * What a tenant, a repository or a server writes is read in one pass: `/-+$/` begins anew at each of a hundred thousand
 * hyphens, which takes minutes (src/base/trimmed.ts cuts at the ends instead).
 */
const patterns = {
  'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
  'regexp/no-super-linear-move': ['error', { report: 'potential', ignorePartial: false }],
};

const relaxedForTests = {
  '@typescript-eslint/explicit-function-return-type': 'off',
  '@typescript-eslint/no-misused-spread': 'off',
  '@typescript-eslint/no-dynamic-delete': 'off',
  // Tables of cases read best with one-line builders.
  'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' }],
  '@typescript-eslint/no-non-null-assertion': 'off',
};

const seeded = 'Use fc of test/support/properties.ts: its draws are the same at each run.';

function clientImport(allowTypeImports) {
  const message =
    'Only the files named in eslint.config.mjs load client-node: it is large, and it opens a connection for each call.';
  return {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { paths: [{ name: '@kubernetes/client-node', message, allowTypeImports }] },
    ],
  };
}

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'coverage/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: style,
  },
  {
    files: ['src/**/*.ts'],
    ignores: tests,
    plugins: { local: { rules: { layers: layerRule } }, regexp },
    rules: { ...size, ...purity, ...patterns, 'local/layers': 'error' },
  },
  {
    files: ['src/mesh/**/*.ts', 'src/base/**/*.ts'],
    ignores: tests,
    // An object of somebody else in which `toString` stands makes `String` throw.
    rules: { '@typescript-eslint/no-base-to-string': ['error', { checkUnknown: true }] },
  },
  { files: tooLong, rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
  { files: impureFiles, rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' } },
  { files: ['src/**/*.ts'], ignores: ['src/kube/**'], rules: clientImport(false) },
  { files: ['src/kube/**/*.ts'], ignores: clientFiles, rules: clientImport(true) },
  { files: tests, rules: relaxedForTests },
  {
    // Where properties come from one seed; what looks for the unknown, or is compared with others, has seeds of its own.
    files: ['src/**/*.test.ts', 'test/sim/**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [{ name: 'fast-check', message: seeded }] }] },
  },
);
