import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as v from 'valibot'
import type { Cdr } from '../../../contracts/cdr.ts'
import { CdrPage } from '../../../contracts/http.ts'
import { BridgeProcess } from '../../../infra/start/bridge-process.ts'
import { buildBridgeProgram } from '../../../infra/start/build.ts'
import { makeSite, type NewSite, newCode } from '../../../infra/start/make-site.ts'
import { testLimits } from '../../support/cloud-limits.ts'
import { type Deployment, deploy, type SharedDeployment } from '../../support/deployment.ts'
import { type Subscriber, subscriber } from '../../support/subscriber.ts'
import { startPbx, type TestPbx, type TestPbxOptions } from './pbx.ts'
import { copyPreparedMarks } from './prepared-sounds.ts'

/** All parts of the product: a real Asterisk with phones, the bridge's bundle, the packaged functions and a client. */
export interface Stack<D extends SharedDeployment = SharedDeployment> extends AsyncDisposable {
  pbx: TestPbx
  bridge: BridgeProcess
  site: NewSite
  deployment: D
  client: Subscriber
  /** Folder of the bridge's configuration, log and state. */
  bridgeFolder: string
  /** Returns the bridge's `/healthz`. */
  health(): Promise<string>
  /** Reads the whole call log by the public API. */
  storedCdrs(): Promise<Cdr[]>
  /** Reads the device state of an endpoint from Asterisk. */
  deviceState(endpoint: string): Promise<string>
}

const DeviceState = v.looseObject({ state: v.string() })

type StackOptions = TestPbxOptions & { menus?: boolean }

/** Starts a stack with a deployment of its own, whose site is `office`. */
export async function startStack(options: StackOptions = {}): Promise<Stack<Deployment>> {
  await using parts = new AsyncDisposableStack()
  const deployment = parts.use(await deploy(testLimits))
  const stack = parts.use(await startStackOn(deployment, options, 'office'))
  const owned = parts.move()
  return { ...stack, deployment, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Starts a stack on a deployment that others may use too, with a site of its own. */
export async function startStackOn<D extends SharedDeployment>(
  deployment: D,
  options: StackOptions = {},
  siteName = `stack-${randomUUID().slice(0, 8)}`,
): Promise<Stack<D>> {
  await using parts = new AsyncDisposableStack()
  const starting = [
    startPbx({ ringSeconds: 1, ...options }).then((started) => parts.use(started)),
    buildBridgeProgram(process.cwd()),
  ] as const
  // A failure is thrown only after all have settled, so that those that started are stopped.
  await Promise.allSettled(starting)
  const [pbx, program] = await Promise.all(starting)
  const folder = await mkdtemp(path.join(tmpdir(), 'bridge-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  if (options.menus) await copyPreparedMarks(path.join(folder, 'state', 'sounds'))
  const site = await makeSite({ site: siteName, name: 'Office' }, deployment.cloud)
  const { ariUrl: url, ariUser: user, ariPassword: password, cdrFile } = pbx.pbx
  const ami = { port: pbx.pbx.amiPort, user: pbx.pbx.amiUser, password: pbx.pbx.amiPassword }
  const bridge = new BridgeProcess({
    program,
    folder,
    newCode: () => newCode(site.site, deployment.cloud),
    pbx: { ari: { url, user, password }, ami, cdrFile },
    cloud: deployment.cloud,
    // A bridge with menus synthesises their prompts at its start, which takes seconds.
    menuKey: options.menus ? site.menuKey : undefined,
    healthPort: pbx.sparePort,
  })
  parts.defer(() => bridge.stop())
  await bridge.start()
  const client = parts.use(await subscriber(deployment, { site }, ['endpoints', 'calls']))
  const owned = parts.move()
  const key = site.apiKey
  return {
    pbx,
    bridge,
    bridgeFolder: folder,
    health: async () => (await fetch(`http://127.0.0.1:${pbx.sparePort}/healthz`)).text(),
    site,
    deployment,
    client,
    async storedCdrs() {
      const cdrs: Cdr[] = []
      let cursor: string | undefined
      do {
        const query = `limit=7${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`
        const response = await deployment.call('GET', `/v1/sites/${siteName}/cdrs?${query}`, { key })
        const page = v.parse(CdrPage, await response.json())
        cdrs.push(...page.cdrs)
        cursor = page.cursor
      } while (cursor)
      return cdrs
    },
    async deviceState(endpoint) {
      const response = await fetch(`${url}/deviceStates/${encodeURIComponent(endpoint)}`, {
        headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` },
      })
      return v.parse(DeviceState, await response.json()).state
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
