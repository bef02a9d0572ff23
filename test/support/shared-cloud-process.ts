import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { Credentials } from '../../infra/local/access/roles.ts'
import type { LocalCloud } from '../../infra/local/local-cloud.ts'
import { loadTemplate } from '../../infra/local/template/template.ts'
import { openCloud } from '../../infra/start/cloud.ts'
import { StartFolder } from '../../infra/start/start-folder.ts'
import { testLimits } from './cloud-limits.ts'
import { codeFolder } from './code-folder.ts'
import { recordPrivileges } from './privileges.ts'

/** What a test file needs to know to use the shared cloud. */
export interface SharedCloud extends Pick<LocalCloud, 'httpUrl' | 'socketUrl' | 'endpoints' | 'region'> {
  adminKey: string
  /** Values of `Ref`, by logical id. */
  refs: Record<string, string>
  /** The ARN of each role, by logical id. */
  roleArns: Record<string, string>
  /** Credentials of each role, by logical id, and of 'operator'. */
  credentials: Record<string, Credentials>
  /** Takes `{ name, event }` and answers with the outcome of the function. */
  invokeUrl: string
}

const root = process.cwd()
const folder = await mkdtemp(path.join(tmpdir(), 'sh-shared-'))
const home = new StartFolder(folder)
const cloud = await openCloud(root, home, await home.open(), { limits: testLimits, codeFolder: await codeFolder() })
const { Resources } = await loadTemplate(path.join(root, '.serverless'))
const ids = Object.keys(Resources)
const roles = ids.filter((id) => Resources[id]?.Type === 'AWS::IAM::Role')
recordPrivileges(cloud)

const control = createServer(async (request, response) => {
  const { name, event } = JSON.parse(await text(request))
  response.end(JSON.stringify(await cloud.invoke(name, event)))
})
await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
const address = control.address()
const { httpUrl, socketUrl, endpoints, region, adminKey } = cloud
const shared: SharedCloud = {
  httpUrl,
  socketUrl,
  endpoints,
  region,
  adminKey,
  refs: Object.fromEntries(ids.map((id) => [id, cloud.ref(id)])),
  roleArns: Object.fromEntries(roles.map((role) => [role, cloud.attribute(role, 'Arn')])),
  credentials: Object.fromEntries(['operator', ...roles].map((role) => [role, cloud.credentials(role)])),
  invokeUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
}
process.once('disconnect', async () => {
  control.close()
  await cloud.stop()
  await rm(folder, { recursive: true, force: true })
  process.exit()
})
process.send?.(shared)
