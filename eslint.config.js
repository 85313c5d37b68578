// SPDX-License-Identifier: EUPL-1.2
import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const pageGlobals = ['document', 'window', 'localStorage', 'sessionStorage', 'indexedDB', 'location', 'navigator']

export default defineConfig(
  globalIgnores(['static/dist/', 'node_modules/', '.venv/', 'build/', 'staticfiles/']),
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      complexity: ['error', 8],
      eqeqeq: 'error',
      'max-lines': ['error', 400],
      'max-params': ['error', 6],
      'max-statements': ['error', 25],
      'no-console': 'error',
    },
  },
  {
    files: ['static/ts/**/*.ts'],
    ignores: ['static/ts/pages/**'],
    rules: {
      'no-restricted-globals': ['error', ...pageGlobals.map((name) => ({ name, message: 'Only static/ts/pages/ sees the page.' }))],
    },
  },
  {
    files: ['static/ts/pages/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({ property, message: 'Clone a <template>.' })),
      ],
    },
  },
  {
    // A whole story is one function there.
    files: ['tests/ts/**/*.ts'],
    rules: { 'max-statements': 'off' },
  },
)
