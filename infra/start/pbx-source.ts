import path from 'node:path'
import { PlatformUnsupportedError } from '../asterisk/errors.ts'
import { installAsterisk } from '../asterisk/install.ts'
import { reservePorts } from '../asterisk/instance/ports.ts'
import { createPbx } from '../asterisk/pbx.ts'
import { Phones } from '../asterisk/phones.ts'
import type { AsteriskPorts } from '../asterisk/render/layout.ts'
import { readSite, type Site } from '../asterisk/site.ts'
import { startReplay } from '../replay/replay.ts'
import type { PbxChoice } from './options.ts'
import { StartError } from './start-error.ts'
import type { Steps } from './steps.ts'

/** A PBX: the addresses that the bridge needs, and a way to make a call. */
export interface PbxSource {
  ari: { url: string; user: string; password: string }
  /** The Manager Interface, if the PBX has one. */
  ami?: { port: number; user: string; password: string }
  cdrFile: string
  /** Groups and menus, where this process knows them. */
  extensions?: readonly string[]
  /** Ports to use again at the next start. */
  ports?: AsteriskPorts
  kind: PbxChoice['kind']
  /** Name to print. */
  label: string
  simulated: boolean
  /** Makes one call and resolves when it has ended; absent for the person's own Asterisk. */
  call?: () => Promise<string>
  /** Rejects if the PBX ends by itself; absent if this process did not start it. */
  failed?: Promise<never>
  stop(): Promise<void>
}

export interface PbxOptions {
  root: string
  folder: string
  ports: AsteriskPorts | undefined
  steps: Steps
  signal: AbortSignal
}

/** Recordings that are replayed in turn, one for each call. */
const recordings = ['internal_answered', 'internal_busy', 'transfer_blind', 'fork', 'trunk_in'] as const
const talkMs = 3_000
const ringMs = 1_500

/** Opens the chosen PBX. Falls back to a recording if this machine cannot run Asterisk. */
export async function openPbx(choice: PbxChoice, options: PbxOptions): Promise<PbxSource> {
  if (choice.kind === 'own') return ownPbx(choice)
  if (choice.kind === 'replay') return replayedPbx(options)
  try {
    return await privatePbx(choice.mirror, options)
  } catch (error) {
    if (!(error instanceof PlatformUnsupportedError)) throw error
    options.steps.say(
      'Asterisk can be installed only on Debian and Ubuntu (x86-64), so this replays a recording. ' +
        'If this machine has apt but its mirrors lack Debian sid, give another with npm start -- --mirror URL.',
    )
    return replayedPbx(options)
  }
}

function ownPbx({ url, user, password, cdrFile }: Extract<PbxChoice, { kind: 'own' }>): PbxSource {
  const label = `your Asterisk at ${new URL(url).host}`
  return { ari: { url, user, password }, cdrFile, label, kind: 'own', simulated: false, stop: async () => undefined }
}

async function replayedPbx({ folder, steps }: PbxOptions): Promise<PbxSource> {
  const credentials = { user: 'replay', password: 'replay' }
  let played = 0
  const replay = await steps.run('Recording of a real Asterisk (SIMULATED)', () =>
    startReplay({
      folder: path.join(folder, 'replay'),
      recordings: [],
      ...credentials,
    }),
  )
  return {
    ari: { url: replay.ariUrl, ...credentials },
    cdrFile: replay.cdrFile,
    label: 'a recording of a real Asterisk (SIMULATED)',
    kind: 'replay',
    simulated: true,
    call: async () => {
      const name = recordings[played % recordings.length] ?? recordings[0]
      played += 1
      await replay.playOnce(name)
      return `the recording ${name}`
    },
    stop: () => replay.stop(),
  }
}

/** Starts Asterisk in a private folder, and a second one that simulates the phones. */
async function privatePbx(mirror: string | undefined, options: PbxOptions): Promise<PbxSource> {
  const { root, folder, steps, signal } = options
  const site = await readSite(path.join(root, 'infra/asterisk/site.yaml'))
  const installation = await steps.run('Asterisk in a private folder', (progress) =>
    installAsterisk({ folder: path.join(folder, 'asterisk'), progress, signal, ...(mirror && { mirror }) }),
  )
  // Omit Debian's suffix.
  const version = installation.version.replace(/[+~].*/, '')
  const ports = options.ports ?? (await reservePorts())
  const pbx = await createPbx({ installation, site, folder: path.join(folder, 'pbx'), ports })
  const phones = new Phones({ installation, site, folder: path.join(folder, 'phones'), pbx })
  const stop = async () => {
    await phones.stop()
    await pbx.stop()
  }
  try {
    await steps.run(`Asterisk ${version}, with ${site.extensions.length} phones registered`, async (say) => {
      say('starting')
      await pbx.start()
      await phones.start()
      say('registering')
      await phones.registered()
    })
  } catch (error) {
    await stop()
    throw error
  }
  const ari = { url: pbx.ariUrl, user: pbx.ariUser, password: pbx.ariPassword }
  const failed = pbx.gone().then((): never => {
    const log = path.relative(root, pbx.logFile) || pbx.logFile
    const message = `Asterisk ended by itself; its log is ${log}. Run npm start again; the calls are kept.`
    throw new StartError('asterisk-ended', message, 69)
  })
  // After stop() nobody awaits this promise.
  failed.catch(() => undefined)
  const label = `Asterisk ${version} in ${path.relative(root, folder) || folder}`
  return {
    ari,
    ami: { port: pbx.amiPort, user: pbx.amiUser, password: pbx.amiPassword },
    cdrFile: pbx.cdrFile,
    extensions: [...site.groups.map(({ number }) => number), ...site.menus],
    ports,
    label,
    kind: 'private',
    simulated: false,
    call: () => callBetween(phones, site),
    failed,
    stop,
  }
}

async function callBetween(phones: Phones, site: Site): Promise<string> {
  const [from, to] = site.extensions.map((extension) => extension.number)
  if (!from || !to) return 'no call: site.yaml has fewer than two extensions'
  await phones.setBehaviour(to, { kind: 'answer', afterMs: ringMs })
  const call = await phones.call({ from, to, talkMs })
  const { cause } = await call.ended
  return cause === 16 ? `a call from ${from} to ${to}` : `a call from ${from} to ${to} that ended with cause ${cause}`
}
