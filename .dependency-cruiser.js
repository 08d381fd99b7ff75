/**
 * What each folder may import of ours (folders and files), as the table in CONTRIBUTING.md says: `types` are those
 * of which only types may be taken. What is not listed is refused.
 */
const LAYERS = {
  core: {},
  data: { code: ['core', 'store'] },
  store: { code: ['core'] },
  providers: { code: ['core'] },
  config: { code: ['core', 'providers', 'engine/config.ts'] },
  activities: { code: ['core', 'data', 'store', 'providers'] },
  workflows: { code: ['core'], types: ['activities', 'data'] },
  workers: {
    code: ['core', 'data', 'store', 'providers', 'config', 'client', 'activities', 'workflows'],
  },
  client: { code: ['core', 'data', 'store', 'providers', 'config'], types: ['workflows'] },
  engine: { code: ['core/errors.ts', 'core/huggingFaceCache.ts'] },
  stack: { code: ['core', 'config', 'client', 'engine', 'providers/processGroup.ts'] },
  demo: { code: ['core'] },
  cli: {
    code: [
      ...['core', 'config', 'client', 'stack', 'demo'],
      // `doctor` looks at the engine, `plan` counts as its models do, `worker` runs one.
      ...['engine/checks.ts', 'engine/tokenizers.ts', 'workers/worker.ts'],
    ],
    types: ['data'],
  },
  testing: {},
};
const PUBLISHED = `^(${Object.keys(LAYERS).join('|')})/`;
/** What nobody installs may import anything, tests included. */
const DEVELOPMENT = '^(test|bench|scripts)/';
const NOT_OURS = '(^|/)node_modules/|^package\\.json$';

const within = (places) => `^(${places.join('|')})(/|$)`;

const layer = ([folder, { code = [], types = [] }]) => {
  const rule = (name, comment, to) => ({
    name: `${folder}-${name}`,
    comment,
    severity: 'error',
    from: { path: within([folder]) },
    to: { pathNot: [within([folder, ...code, ...types]), NOT_OURS], ...to },
  });
  const may = [...code, ...types.map((other) => `types of ${other}`)].join(', ') || 'itself alone';
  return [
    rule('layer', `${folder} may import ${may}: see CONTRIBUTING.md.`, {
      dependencyTypesNot: ['core', 'npm', 'unknown'],
    }),
    ...(types.length > 0
      ? [
          rule('types', `${folder} may import types alone of ${types.join(', ')}.`, {
            path: within(types),
            pathNot: within([folder, ...code]),
            dependencyTypesNot: ['type-only'],
          }),
        ]
      : []),
  ];
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(LAYERS).flatMap(layer),
    {
      name: 'unlisted-folder',
      comment: 'Every folder has a row in LAYERS (.dependency-cruiser.js) and in CONTRIBUTING.md.',
      severity: 'error',
      from: { path: '^[^/]+/', pathNot: [PUBLISHED, DEVELOPMENT, '^bin/'] },
      to: {},
    },
    {
      name: 'client-without-worker',
      comment: 'Whoever only starts and watches runs loads no worker, with its core in Rust.',
      severity: 'error',
      from: { path: '^client/index[.]ts$' },
      to: { path: 'node_modules/@temporalio/(worker|core-bridge)/', reachable: true },
    },
    {
      name: 'no-cycle',
      comment: 'Of two files that need each other one has to give way: move what both need.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'Nothing stands where this import points to.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: 'What is published imports declared dependencies only: add it to package.json.',
      severity: 'error',
      from: { path: PUBLISHED },
      to: {
        pathNot: '^package\\.json$',
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'],
      },
    },
    {
      name: 'not-a-development-dependency',
      comment: 'Users do not get development dependencies.',
      severity: 'error',
      from: { path: PUBLISHED },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer'] },
    },
  ],
  options: {
    parser: 'tsc',
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
    doNotFollow: { path: 'node_modules/' },
    // What imports the package by its name, as users do, and what is built.
    exclude: { path: '^(examples|test/package/user|dist)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.d.ts'],
    },
  },
};
