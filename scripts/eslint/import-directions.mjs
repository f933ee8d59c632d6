// Rules for eslint: which folders each folder of lib/ may import from. Imports point in one direction.

/** The folders that inspect profiles, policies and programs, and affect no process. */
const INSPECTION = ['filter', 'profile', 'policy', 'bpf', 'kernel', 'util'];
const EVERYTHING = ['process', 'report', 'lint', 'recording', 'libseccomp', ...INSPECTION];

/** For each folder of lib/, the folders that it may import from. */
export const FOLDERS = {
  util: [],
  kernel: ['util'],
  bpf: ['kernel', 'util'],
  policy: ['kernel', 'util'],
  profile: ['policy', 'kernel', 'util'],
  libseccomp: ['policy', 'bpf', 'kernel', 'util'],
  filter: ['profile', 'policy', 'bpf', 'kernel', 'util'],
  lint: INSPECTION,
  recording: INSPECTION,
  process: ['lint', 'recording', ...INSPECTION],
  report: ['lint', 'recording', ...INSPECTION],
  cli: EVERYTHING,
  entries: EVERYTHING,
};

/**
 * Files that connect two folders. libseccomp is the second generator of filters, and an exported FilterContext is proven
 * like any other program.
 */
const BRIDGES = {
  'filter/compile.ts': ['libseccomp/generate\\.js'],
  'libseccomp/context.ts': ['filter/prove/verify\\.js'],
};

/** @returns {[severity: 'error', options: object]} */
const rule = (folder, bridges) => {
  const others = Object.keys(FOLDERS).filter(other => other !== folder && !FOLDERS[folder].includes(other));
  const except = bridges.length === 0 ? '' : `(?!(?:.*/)?(?:${bridges.join('|')})$)`;
  return [
    'error',
    {
      patterns: [
        {
          regex: `^${except}(?:\\.|#lib/).*\\b(?:${others.join('|')})/`,
          message: `lib/${folder}/ may import from ${FOLDERS[folder].join(', ') || 'no other folder'}: scripts/eslint/import-directions.mjs.`,
        },
      ],
    },
  ];
};

/** Configurations of eslint, one for each folder and one for each bridge. */
export const importDirections = [
  ...Object.keys(FOLDERS).map(folder => ({
    files: [`lib/${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': rule(folder, []) },
  })),
  ...Object.entries(BRIDGES).map(([file, bridges]) => ({
    files: [`lib/${file}`],
    rules: { 'no-restricted-imports': rule(file.split('/')[0], bridges) },
  })),
];
