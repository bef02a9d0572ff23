import path from 'node:path'
import { buildDashboard } from '../../dashboard/build.ts'
import { buildBridge } from '../build/bridge.ts'
import { packageInto } from '../build/package.ts'
import { buildOnce, digestOf } from './stamp.ts'

const common = ['contracts', 'package-lock.json', 'infra/build']
const bridgeSources = [...common, 'bridge', 'infra/asterisk/snippets']
const pageSources = [...common, 'client', 'dashboard']
const functionSources = [...common, 'functions', 'infra/cloud', 'serverless.yml']

/** Builds functions, bridge and page; each only if its sources changed since the last build. */
export async function buildAll(root: string): Promise<void> {
  await buildService(root)
  await buildBridgeProgram(root)
  await buildPage(root)
}

/** Packages the functions and the CloudFormation template; returns the folder `.serverless`. */
export async function buildService(root: string): Promise<string> {
  return once(root, '.serverless', functionSources, (folder) => packageInto(root, folder))
}

/** Builds the bridge; returns the path of its program. */
export async function buildBridgeProgram(root: string): Promise<string> {
  const folder = await once(root, 'dist/bridge', bridgeSources, (fresh) => buildBridge(root, fresh))
  return path.join(folder, 'switchhook-bridge.mjs')
}

/** Builds the page; returns its folder. */
export async function buildPage(root: string): Promise<string> {
  return once(root, 'dist/dashboard', pageSources, buildDashboard)
}

async function once(
  root: string,
  name: string,
  sources: string[],
  build: (folder: string) => Promise<unknown>,
): Promise<string> {
  const folder = path.join(root, name)
  const lockFile = path.join(root, 'dist/build.lock')
  await buildOnce({ folder, lockFile, digest: await digestOf(root, sources), build })
  return folder
}
