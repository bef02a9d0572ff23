import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { LocalCloud } from '../local/local-cloud.ts'
import { BridgeProcess } from './bridge-process.ts'
import { buildAll } from './build.ts'
import { waitForCall } from './call-log.ts'
import { openCloud } from './cloud.ts'
import type { Home, Memory } from './home.ts'
import { makeSite } from './make-site.ts'
import type { PbxChoice } from './options.ts'
import { servePage } from './page-server.ts'
import { openPbx, type PbxSource } from './pbx-source.ts'
import type { Steps } from './steps.ts'

export interface Surroundings {
  /** The repository. */
  root: string
  home: Home
  steps: Steps
  /** What was started is put here, to be stopped in the opposite order. */
  parts: AsyncDisposableStack
  signal: AbortSignal
}

export interface RunningSwitchhook {
  pageUrl: string
  apiUrl: string
  site: string
  /** Of a site made by this start. */
  newKey: string | undefined
  pbx: PbxSource
  /** Rejects if a part that should run ends by itself. */
  failed: Promise<never>
  firstCall(call: () => Promise<string>): Promise<void>
}

const siteName = { site: 'demo', name: 'Demonstration' }

/** Starts PBX, local cloud, bridge and page, each kept in `home` for the next start. */
export async function openSwitchhook(choice: PbxChoice, around: Surroundings): Promise<RunningSwitchhook> {
  const { root, home, steps, parts, signal } = around
  const memory = await home.open()
  const build = steps.run('Functions, bridge and page packaged', () => buildAll(root))
  const opened = openPbx(choice, { root, folder: home.folder, ports: memory.pbxPorts, steps, signal })
  const [pbx, cloud] = await settle([
    opened.then((source) => kept(parts, source)),
    build.then(() => steps.run('Local cloud', () => openCloud(root, home, memory))).then((one) => kept(parts, one)),
  ])
  signal.throwIfAborted()
  const page = kept(parts, await servePage(path.join(root, 'dist/dashboard'), memory.ports?.page ?? 0))
  const enrolled = await siteIn(home, memory, cloud)
  await home.remember({
    ...enrolled.memory,
    ports: { ...cloud.ports, page: page.port },
    pbxPorts: pbx.ports ?? memory.pbxPorts,
  })
  const bridge = new BridgeProcess({
    program: path.join(root, 'dist/bridge/switchhook-bridge.mjs'),
    folder: enrolled.folder,
    code: enrolled.site.code,
    pbx,
    cloud,
  })
  kept(parts, bridge)
  await steps.run('Bridge', () => bridge.start())
  signal.throwIfAborted()
  const { apiKey, site } = enrolled.site
  const fragment = new URLSearchParams({
    api: cloud.httpUrl,
    site,
    key: apiKey,
    ...(pbx.simulated && { mode: 'replay' }),
  })
  return {
    pageUrl: `http://127.0.0.1:${page.port}/#${fragment}`,
    apiUrl: cloud.httpUrl,
    site,
    newKey: memory.site ? undefined : apiKey,
    pbx,
    failed: bridge.failed,
    firstCall: (call) =>
      steps.run('First call', async (say) => {
        say('ringing')
        const said = await waitForCall({ apiUrl: cloud.httpUrl, site, apiKey, signal }, call)
        say(said)
      }),
  }
}

function kept<T extends { stop(): Promise<void> }>(parts: AsyncDisposableStack, part: T): T {
  parts.defer(() => part.stop())
  return part
}

/** Waits for all, so that what started is known and stopped even when its neighbour failed; then throws the failure. */
async function settle<A, B>(pair: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(pair)
  return [await pair[0], await pair[1]]
}

async function siteIn(home: Home, memory: Memory, cloud: LocalCloud & { adminKey: string }) {
  const folder = home.path('bridge')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const site = memory.site ?? (await makeSite(siteName, cloud))
  return { folder, site, memory: { ...memory, site, adminKey: cloud.adminKey } }
}
