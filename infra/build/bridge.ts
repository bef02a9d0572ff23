import { build } from 'esbuild'
import { requireBanner } from './functions.ts'

/**
 * For Node itself: what is new dies young in a bridge, and a young space of 2 MB instead of 16 keeps it under 110 MB, flat
 * (`npm run bench -- bridge --only memory`: 104 MB against 118).
 */
export const bridgeNodeFlags = ['--max-semi-space-size=2']

/** The bridge as one file, to be copied beside a PBX. */
export async function buildBridge(root: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'bridge/main.ts', out: 'switchhook-bridge' }],
    outdir: 'dist/bridge',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: requireBanner },
    external: ['bufferutil', 'utf-8-validate'],
    sourcemap: 'linked',
    logLevel: 'error',
    legalComments: 'none',
  })
}

export async function main(): Promise<void> {
  await buildBridge(process.cwd())
  console.log(
    'Built dist/bridge/switchhook-bridge.mjs; Node 24 runs it: node --max-semi-space-size=2 switchhook-bridge.mjs --config FILE',
  )
}
