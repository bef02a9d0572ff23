import path from 'node:path'
import { buildDashboard } from '../../dashboard/build.ts'
import { buildBridge } from '../build/bridge.ts'
import { packageService } from '../build/package.ts'
import { buildOnce, digestOf } from './stamp.ts'

const common = ['contracts', 'package-lock.json', 'infra/build']
const bridgeSources = [...common, 'bridge']
const pageSources = [...common, 'client', 'dashboard']
const functionSources = [...common, 'functions', 'infra/cloud', 'serverless.yml']

/** Packages functions, bridge and page, each only if its sources changed since it was last built. */
export async function buildAll(root: string): Promise<void> {
  await buildService(root)
  await buildBridgeProgram(root)
  await buildPage(root)
}

/** Writes the template and the functions' zips to `.serverless`. */
export async function buildService(root: string): Promise<void> {
  await once(root, '.serverless', functionSources, () => packageService(root))
}

/** Writes the bridge as one file to `dist/bridge`. */
export async function buildBridgeProgram(root: string): Promise<void> {
  await once(root, 'dist/bridge', bridgeSources, () => buildBridge(root))
}

/** Writes the page to `dist/dashboard`. */
export async function buildPage(root: string): Promise<void> {
  await once(root, 'dist/dashboard', pageSources, () => buildDashboard(path.join(root, 'dist/dashboard')))
}

async function once(root: string, folder: string, sources: string[], build: () => Promise<unknown>): Promise<void> {
  await buildOnce(path.join(root, folder, '.stamp'), await digestOf(root, sources), build)
}
