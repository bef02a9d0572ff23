import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { BridgeProcess } from './bridge-process.ts'
import { buildAll } from './build.ts'
import { waitForCall } from './call-log.ts'
import { type OpenCloud, openCloud } from './cloud.ts'
import type { Home, Memory } from './home.ts'
import { makeSite, newCode } from './make-site.ts'
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

const siteNames: Record<PbxChoice['kind'], { site: string; name: string }> = {
  private: { site: 'demo', name: 'Demonstration' },
  replay: { site: 'replay', name: 'Recorded calls (SIMULATED)' },
  own: { site: 'own', name: 'My own PBX' },
}

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
  const { kept: keptSite, newKey } = await steps.run('Site', () => siteIn(pbx.kind, memory, cloud))
  const ports = { ...cloud.ports, page: page.port }
  const { adminKey } = cloud
  const sites = { ...memory.sites, [pbx.kind]: keptSite }
  await home.remember({ ...memory, adminKey, sites, ports, pbxPorts: pbx.ports ?? memory.pbxPorts })
  const folder = home.path('bridge', pbx.kind)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const bridge = new BridgeProcess({
    program: path.join(root, 'dist/bridge/switchhook-bridge.mjs'),
    folder,
    newCode: () => newCode(keptSite.site, cloud),
    pbx,
    cloud,
    // A recording has no callers.
    menuKey: pbx.simulated ? undefined : keptSite.menuKey,
  })
  kept(parts, bridge)
  await steps.run('Bridge', () => bridge.start())
  signal.throwIfAborted()
  const { pageKey, site } = keptSite
  const fragment = new URLSearchParams({
    api: cloud.httpUrl,
    site,
    key: pageKey,
    ...(pbx.simulated && { mode: 'replay' }),
  })
  return {
    pageUrl: `http://127.0.0.1:${page.port}/#${fragment}`,
    apiUrl: cloud.httpUrl,
    site,
    newKey,
    pbx,
    failed: Promise.race([bridge.failed, ...(pbx.failed ? [pbx.failed] : [])]),
    firstCall: (call) =>
      steps.run('First call', async (say) => {
        say('ringing')
        const said = await waitForCall({ apiUrl: cloud.httpUrl, site, apiKey: pageKey, signal }, call)
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

/** The site of this kind of PBX: as an earlier start made it, or new, with its first key to show. */
async function siteIn(kind: PbxChoice['kind'], memory: Memory, cloud: OpenCloud) {
  const known = memory.sites?.[kind]
  if (known) return { kept: known, newKey: undefined }
  const { apiKey, ...kept } = await makeSite(siteNames[kind], cloud)
  return { kept, newKey: apiKey }
}
