import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { BridgeProcess } from './bridge-process.ts'
import { buildAll } from './build.ts'
import { waitForCall } from './call-log.ts'
import { type OpenCloud, openCloud } from './cloud.ts'
import { makeSite, newCode } from './make-site.ts'
import type { PbxChoice } from './options.ts'
import { servePage } from './page-server.ts'
import { openPbx, type PbxSource } from './pbx-source.ts'
import type { StartFolder, StartState } from './start-folder.ts'
import type { Steps } from './steps.ts'

export interface StartContext {
  /** Path of the repository. */
  root: string
  folder: StartFolder
  steps: Steps
  /** Every started part is added here; disposing stops them in the opposite order. */
  started: AsyncDisposableStack
  /** Aborts when the person stops the start. */
  signal: AbortSignal
}

export interface RunningSwitchhook {
  pageUrl: string
  apiUrl: string
  site: string
  /** The first API key of the site, if this start created the site. */
  newKey: string | undefined
  pbx: PbxSource
  /** Rejects if a part ends by itself. */
  failed: Promise<never>
  /** Makes a call and waits until it is in the call log. */
  firstCall(call: () => Promise<string>): Promise<void>
}

/** Each kind of PBX has its own site, so that recorded and real calls are never mixed. */
const siteNames: Record<PbxChoice['kind'], { site: string; name: string }> = {
  private: { site: 'demo', name: 'Demonstration' },
  replay: { site: 'replay', name: 'Recorded calls (SIMULATED)' },
  own: { site: 'own', name: 'My own PBX' },
}

/** Starts PBX, local cloud, bridge and page. Their data is stored in `context.folder` for the next start. */
export async function openSwitchhook(choice: PbxChoice, context: StartContext): Promise<RunningSwitchhook> {
  const { root, folder, steps, started, signal } = context
  const state = await folder.open()
  const building = steps.run('Functions, bridge and page packaged', () => buildAll(root))
  const pbxOpening = openPbx(choice, { root, folder: folder.folder, ports: state.pbxPorts, steps, signal })
  const [pbx, cloud] = await waitForBoth(
    pbxOpening.then((opened) => stopLater(started, opened)),
    building
      .then(() => steps.run('Local cloud', () => openCloud(root, folder, state)))
      .then((opened) => stopLater(started, opened)),
  )
  signal.throwIfAborted()
  const page = stopLater(started, await servePage(path.join(root, 'dist/dashboard'), state.ports?.page ?? 0))
  const { site: madeSite, newKey } = await steps.run('Site', () => findOrMakeSite(pbx, state, cloud))
  const { site, pageKey, menuKey } = madeSite
  await folder.save({
    ...state,
    adminKey: cloud.adminKey,
    sites: { ...state.sites, [pbx.kind]: madeSite },
    ports: { ...cloud.ports, page: page.port },
    pbxPorts: pbx.ports ?? state.pbxPorts,
  })
  const bridgeFolder = folder.path('bridge', pbx.kind)
  await mkdir(bridgeFolder, { recursive: true, mode: 0o700 })
  const bridge = new BridgeProcess({
    program: path.join(root, 'dist/bridge/switchhook-bridge.mjs'),
    folder: bridgeFolder,
    newCode: () => newCode(site, cloud),
    pbx,
    cloud,
    // A recording has no callers who could use a menu.
    menuKey: pbx.simulated ? undefined : menuKey,
  })
  stopLater(started, bridge)
  await steps.run('Bridge', () => bridge.start())
  signal.throwIfAborted()
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
        say(await waitForCall({ apiUrl: cloud.httpUrl, site, apiKey: pageKey, signal }, call))
      }),
  }
}

function stopLater<T extends { stop(): Promise<void> }>(started: AsyncDisposableStack, part: T): T {
  started.defer(() => part.stop())
  return part
}

/** Waits for both even if one fails, so that the other is added to `started` and gets stopped; then throws the failure. */
async function waitForBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}

/** Returns the site of this kind of PBX: the one that an earlier start made, or a new one with its first API key. */
async function findOrMakeSite({ kind, extensions = [] }: PbxSource, state: StartState, cloud: OpenCloud) {
  const known = state.sites?.[kind]
  if (known) return { site: known, newKey: undefined }
  const { apiKey, ...site } = await makeSite({ ...siteNames[kind], extensions }, cloud)
  return { site, newKey: apiKey }
}
