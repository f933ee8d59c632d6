// Lint rules: type-aware ones for the TypeScript, the recommended ones for the scripts.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { ownProperties } from './scripts/eslint/own-properties.mjs';
import { importDirections } from './scripts/eslint/import-directions.mjs';

export default defineConfig(
  globalIgnores(['bundle', 'module', 'types', 'dist', 'out', 'build', 'deps', 'prebuilds']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [js.configs.recommended],
    ignores: ['data/report/*.js'],
    languageOptions: { globals: nodeGlobals() },
  },
  {
    // Scripts of HTML pages must never create markup from text.
    files: ['data/report/*.js'],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: {
        ...nodeGlobals(),
        ...Object.fromEntries(
          [
            'document',
            'history',
            'URLSearchParams',
            'atob',
            'btoa',
            'navigator',
            'Worker',
            'CompressionStream',
            'DecompressionStream',
          ].map(name => [name, 'readonly']),
        ),
      },
    },
    rules: {
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'write'].map(property => ({
          property,
          message: 'Make elements and set their text.',
        })),
      ],
    },
  },
  {
    files: ['{lib,test}/**/*.ts'],
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.lib.json', 'test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: 'ExportSpecifier[exported.name="default"]', message: 'Export by name.' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: false, allowAny: false },
      ],
      // In start-up code, which runs once, an iterator allocates several objects for each step.
      '@typescript-eslint/prefer-for-of': 'off',
      // Style rules that do not improve the code.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-unnecessary-template-expression': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
    },
  },
  {
    // The command line runs in its own process, with no other code.
    files: ['lib/**/*.ts'],
    ignores: ['lib/cli/**'],
    plugins: { seccomp: { rules: { 'own-properties': ownProperties } } },
    rules: { 'seccomp/own-properties': 'error' },
  },
  ...importDirections,
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-control-regex': 'off',
      // After assert narrows a type, a later check of the same value seems unnecessary.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['test/support/skip.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { property: 'skip', message: 'Give a reason, by skip of test/support/skip.ts.' },
      ],
    },
  },
);

/** What Node has beside the language. */
function nodeGlobals() {
  const names = [
    ...[
      'AbortController',
      'AbortSignal',
      'Blob',
      'Buffer',
      'TextDecoder',
      'TextEncoder',
      'URL',
      'WebAssembly',
    ],
    ...['clearImmediate', 'clearInterval', 'clearTimeout', 'setImmediate', 'setInterval', 'setTimeout'],
    ...['console', 'fetch', 'performance', 'process', 'queueMicrotask', 'structuredClone'],
    ...['__dirname', '__filename', 'exports', 'module', 'require'],
  ];
  return Object.fromEntries(names.map(name => [name, 'readonly']));
}
