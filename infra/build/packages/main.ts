import path from 'node:path'
import { bridgeNodeFlags, buildBridge } from '../bridge.ts'
import { buildPackages } from './bridge-packages.ts'

/** `npm run build:bridge`: the bundle, and its packages for Debian and for other systems. */
export async function main(): Promise<void> {
  const root = process.cwd()
  await buildBridge(root)
  const bundle = path.join(root, 'dist/bridge')
  console.log(
    `Built dist/bridge/switchhook-bridge.mjs; Node 24 runs it: node ${bridgeNodeFlags.join(' ')} switchhook-bridge.mjs --config FILE`,
  )
  for (const built of await buildPackages(root, bundle, path.join(root, 'dist/packages')))
    console.log('file' in built ? `Built ${path.relative(root, built.file)}` : `Skipped: ${built.skipped}`)
}
