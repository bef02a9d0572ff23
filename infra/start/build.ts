import path from 'node:path'
import { buildDashboard } from '../../dashboard/build.ts'
import { buildBridge } from '../build/functions.ts'
import { packageService } from '../build/package.ts'
import { buildOnce, digestOf } from './stamp.ts'

const common = ['contracts', 'package-lock.json', 'infra/build']

/** Packages functions, bridge and page, each only where its sources changed since it was last built. */
export async function buildAll(root: string): Promise<void> {
  const stamp = (folder: string) => path.join(root, folder, '.stamp')
  const functions = await digestOf(root, [...common, 'functions', 'infra/cloud', 'serverless.yml'])
  const bridge = await digestOf(root, [...common, 'bridge'])
  const page = await digestOf(root, [...common, 'client', 'dashboard'])
  await buildOnce(stamp('.serverless'), functions, () => packageService(root))
  await buildOnce(stamp('dist/bridge'), bridge, () => buildBridge(root))
  await buildOnce(stamp('dist/dashboard'), page, () => buildDashboard(path.join(root, 'dist/dashboard')))
}
