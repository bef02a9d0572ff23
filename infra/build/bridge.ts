import { copyFile, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

/**
 * Node's flags for the bridge. Most of its objects are short-lived, so a young space of 2 MB instead of 16 MB keeps its memory
 * constant below 110 MB (`npm run bench -- bridge --only memory`: 108 MB; 112 MB with a space of 4 MB). Garbage is collected in the
 * main thread: threads on other cores wait if those cores run Asterisk, which delayed events by 10 ms and more (`--only backlog`:
 * 8 % of the events took over 12 ms while a backlog was sent, and 4 % with this flag).
 */
export const bridgeNodeFlags = ['--max-semi-space-size=2', '--single-threaded-gc']

// Parts of the AWS SDK are CommonJS and call `require`, which an ES module does not have. The name is long so that it is
// unique in the bundle.
const requireBanner =
  "import{createRequire as switchhookCreateRequire}from'node:module';const require=switchhookCreateRequire(import.meta.url);"

/** Contexts that `setup` adds to a dial plan: call forwarding, and what FreePBX and Issabel need. */
const snippets = ['forwarding.conf', 'freepbx.conf']

/**
 * Bundles the bridge into `switchhook-bridge.mjs` and a folder `parts`, which are copied to the machine of the PBX; `setup` reads the
 * snippets beside them. What only one command or one kind of database needs is a part of its own, and loaded only where it is used.
 */
export async function buildBridge(root: string, outdir = 'dist/bridge'): Promise<void> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  // The names of parts change with their content: those of an earlier build would stay.
  await rm(path.resolve(root, outdir, 'parts'), { recursive: true, force: true })
  await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'bridge/main.ts', out: 'switchhook-bridge' }],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: requireBanner },
    define: { SWITCHHOOK_VERSION: JSON.stringify(version) },
    external: ['bufferutil', 'utf-8-validate'],
    sourcemap: 'linked',
    logLevel: 'error',
    legalComments: 'none',
  })
  for (const name of snippets)
    await copyFile(path.join(root, 'infra/asterisk/snippets', name), path.resolve(root, outdir, name))
}

/** The files of a built bridge that a machine needs, by their path in its folder: the program, its parts and the snippets. */
export async function bridgeFiles(folder: string): Promise<string[]> {
  const parts = await readdir(path.join(folder, 'parts'))
  return [
    'switchhook-bridge.mjs',
    ...parts.filter((name) => name.endsWith('.mjs')).map((name) => `parts/${name}`),
    ...snippets,
  ].toSorted()
}
