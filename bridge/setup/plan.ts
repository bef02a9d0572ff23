import { join } from 'node:path'
import { enrolmentFileName } from '../enrolment/enrolment-file.ts'
import { type AsteriskPlan, planAsterisk, requireFreePort } from './asterisk-plan.ts'
import { type Block, textOf } from './conf-place.ts'
import { forwardingFile, planDialPlan } from './dial-plan-change.ts'
import { changeOf, type FileChange } from './file-change.ts'
import { type FoundAsterisk, findAsterisk } from './find-asterisk.ts'
import type { SetupOptions } from './options.ts'
import { findKind, type PbxKind } from './pbx-kind.ts'
import { dropInPath, dropInText, exists, groupName, hasUnit, userNamed } from './service.ts'
import { SetupRefusedError } from './setup-error.ts'
import { proposeSite, type SiteProposal, zoneOf } from './site-proposal.ts'

/** Everything that setup would do, before it does any of it. */
export interface Plan {
  readonly asterisk: FoundAsterisk
  readonly kind: PbxKind
  readonly changes: readonly FileChange[]
  readonly reloads: readonly string[]
  readonly notes: readonly string[]
  readonly configFile: string
  readonly cdrFile: string
  /** The user that the bridge runs as. */
  readonly owner: { uid: number; gid: number }
  readonly proposal: SiteProposal
}

/** Reads the PBX and works out what to change. Changes nothing. Throws SetupRefusedError. */
export async function makePlan(options: SetupOptions): Promise<Plan> {
  const asterisk = await findAsterisk(options.asterisk)
  const kind = await findKind(asterisk.etc)
  const planned = await planAsterisk(asterisk, options)
  const dialPlan = await planDialPlan(asterisk, kind, options)
  await requireFreePort(options.healthPort, "the bridge's /healthz", '--health-port')
  const owner = (await userNamed(options.user)) ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  const isUserKnown = (await userNamed(options.user)) !== undefined
  const configFile = join(options.folder, 'bridge.json')
  if (await exists(configFile)) {
    const sentence = `${configFile} exists, and was not written by setup: move it away, or name another folder with --folder`
    throw new SetupRefusedError('config-exists', sentence)
  }
  const config = await changeOf(
    { path: configFile, before: undefined, after: await configText(options, asterisk, planned) },
    // Readable by the bridge, written by root alone.
    { mode: 0o640, uid: process.getuid?.() ?? 0, gid: owner.gid },
  )
  const blocks = [...planned.blocks, ...dialPlan]
  return {
    asterisk,
    kind,
    changes: [...(await fileChanges(blocks, asterisk)), config, ...(await planDropIn(asterisk))],
    reloads: [...planned.reloads, ...(dialPlan.length > 0 ? ['dialplan reload'] : [])],
    notes: [...planned.notes, ...notesOf(asterisk, kind, options, isUserKnown)],
    configFile,
    cdrFile: planned.cdrFile,
    owner,
    proposal: { ...(await proposeSite(asterisk)), ...options.site },
  }
}

/** All blocks of a file are one change of it. */
async function fileChanges(blocks: readonly Block[], { etc, uid, gid }: FoundAsterisk): Promise<FileChange[]> {
  const byPath = Map.groupBy(blocks, ({ path }) => path)
  const changes: FileChange[] = []
  for (const [path, own] of byPath) {
    const before = own[0]?.before
    const block = own.map(({ text }) => text).join('')
    if (before?.includes('BEGIN switchhook-bridge')) {
      const sentence = `${path} has a block of an earlier setup, whose file for --undo is gone: remove the block, and run setup again`
      throw new SetupRefusedError('block-left', sentence)
    }
    // As private as the files beside it: it may hold a password.
    const mode = (await exists(join(etc, 'manager.conf'))) ? 0o640 : 0o600
    changes.push(await changeOf({ path, before, after: `${before ?? ''}${block}`, block }, { mode, uid, gid }))
  }
  return changes
}

async function configText(options: SetupOptions, asterisk: FoundAsterisk, planned: AsteriskPlan): Promise<string> {
  const zone = await zoneOf(asterisk)
  const config = {
    enrolment: join(options.stateFolder, enrolmentFileName),
    stateFolder: options.stateFolder,
    ari: planned.ari,
    ami: planned.ami,
    cdr: { file: planned.cdrFile, ...(zone !== undefined && { zone }) },
    health: { port: options.healthPort },
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

async function planDropIn({ gid }: FoundAsterisk): Promise<FileChange[]> {
  if (!(await hasUnit())) return []
  const before = await textOf(dropInPath)
  const change = { path: dropInPath, before, after: dropInText(await groupName(gid)) }
  return [await changeOf(change, { mode: 0o644, uid: 0, gid: 0 })]
}

function notesOf({ version }: FoundAsterisk, kind: PbxKind, options: SetupOptions, isUserKnown: boolean): string[] {
  const notes: string[] = []
  if (version === undefined)
    notes.push(
      'Asterisk does not run, or does not answer at its console: what is changed holds from its next start on.',
    )
  if (!isUserKnown)
    notes.push(
      `This machine has no user ${options.user}: the files will belong to the user who runs setup. The package makes that user; otherwise: useradd --system ${options.user}`,
    )
  if (kind !== 'plain')
    notes.push('Only files that the PBX never writes are changed; nothing has to be applied in its web pages.')
  if (kind !== 'plain' && !options.noDialPlan)
    notes.push(
      'The API can place calls and set forwarding and do not disturb, in the keys and lamps that star codes and the user portal use. --no-dial-plan leaves that out.',
    )
  if (options.forwarding !== undefined)
    notes.push(`Call forwarding needs lines in each extension, too: the head of ${forwardingFile} has them.`)
  return notes
}
