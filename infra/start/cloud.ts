import path from 'node:path'
import { makeSecrets } from '../build/secrets.ts'
import { type LocalCloud, startLocalCloud } from '../local/local-cloud.ts'
import type { Home, Memory } from './home.ts'

/** `dev` is the stage that packaging writes. */
export const secretsParameter = '/switchhook/dev/secrets'

export type OpenCloud = LocalCloud & {
  adminKey: string
  ports: { http: number; socket: number; aws: number }
}

/** The local cloud over the packaged template; at its first start the deployment's secrets are made. */
export async function openCloud(root: string, home: Home, memory: Memory): Promise<OpenCloud> {
  const cloud = await startLocalCloud({
    packageFolder: path.join(root, '.serverless'),
    dataFolder: home.path('cloud'),
    ...(memory.ports && { ports: memory.ports }),
  })
  let adminKey = memory.adminKey
  if (!adminKey) {
    const secrets = makeSecrets()
    await cloud.putSecret(secretsParameter, JSON.stringify(secrets))
    adminKey = secrets.adminKey
    // Before a site is made with it: a start that ends in between finds it again.
    await home.remember({ ...memory, adminKey })
  }
  const ports = {
    http: Number(new URL(cloud.httpUrl).port),
    socket: Number(new URL(cloud.socketUrl).port),
    aws: Number(new URL(cloud.endpoints.sqs).port),
  }
  return { ...cloud, adminKey, ports }
}
