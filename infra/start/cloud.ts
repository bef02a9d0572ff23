import path from 'node:path'
import { makeDataKeys, makeSecrets } from '../build/secrets.ts'
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../local/local-cloud.ts'
import type { StartFolder, StartState } from './start-folder.ts'

/** The SSM parameter of the deployment's secrets; `dev` is the stage of `npm run package`. */
export const secretsParameter = '/switchhook/dev/secrets'

/** The SSM parameter of its data keys. */
export const dataKeysParameter = '/switchhook/dev/data-keys'

export type OpenCloud = LocalCloud & {
  adminKey: string
  ports: { http: number; socket: number; aws: number }
}

/** Starts the local cloud for the packaged template. The first start generates the deployment's secrets. */
export async function openCloud(
  root: string,
  folder: StartFolder,
  state: StartState,
  options: Pick<LocalCloudOptions, 'limits' | 'codeFolder' | 'parameters'> = {},
): Promise<OpenCloud> {
  const cloud = await startLocalCloud({
    packageFolder: path.join(root, '.serverless'),
    dataFolder: folder.path('cloud'),
    ...(state.ports && { ports: state.ports }),
    ...options,
  })
  // A folder of an earlier version has none.
  await cloud.putSecretIfAbsent(dataKeysParameter, JSON.stringify(makeDataKeys()))
  let adminKey = state.adminKey
  if (!adminKey) {
    const secrets = makeSecrets()
    await cloud.putSecret(secretsParameter, JSON.stringify(secrets))
    adminKey = secrets.adminKey
    // Save it before a site is created with it, so that a start after a crash still has it.
    await folder.save({ ...state, adminKey })
  }
  const ports = {
    http: Number(new URL(cloud.httpUrl).port),
    socket: Number(new URL(cloud.socketUrl).port),
    aws: Number(new URL(cloud.endpoints.sqs).port),
  }
  return { ...cloud, adminKey, ports }
}
