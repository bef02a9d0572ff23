import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { numberSearch } from '../contracts/numbers/number-search.ts'
import { countryCode } from '../contracts/numbers/phone-number.ts'
import { holderOf } from './commands/eraser.ts'
import { type BridgeConfig, readConfig } from './config.ts'
import { openSending, type SendConnections } from './connections.ts'
import { errorCode, exitStatus, FatalError } from './failure.ts'
import { readSigningKey } from './forward/signing-key.ts'
import { cdrFormat, readCdrRecord } from './normalise/cdr-record.ts'
import { Counters } from './operate/counters.ts'
import { createLog, describeError } from './operate/log.ts'
import { Quarantine } from './spool/quarantine.ts'
import { overlong, type RefusedRecord, RefusedRecords, recordHash, refusedAt } from './spool/refused-records.ts'

const usage =
  'usage is switchhook-bridge quarantine list|retry --config FILE, or quarantine erase NUMBER --config FILE [--country FR] [--prefix DIGITS]'
/** Time for SQS to take the records of one file; those that it did not take stay in quarantine. */
const sendMsMax = 120_000
/** Characters of a record that a list shows. */
const shownMax = 120
/** Reason of a record that can be read, but not sent. */
const rejected = 'SQS rejected it'

type Options =
  | { action: 'list' | 'retry'; configFile: string }
  | { action: 'erase'; configFile: string; number: string; country: string; prefix: string }

/**
 * Runs `switchhook-bridge quarantine list|retry|erase`, also beside a running bridge. Returns the exit status: 65 if `retry`
 * leaves records.
 */
export async function runQuarantine(args: string[]): Promise<number> {
  const options = optionsOf(args)
  const config = await readConfig(options.configFile)
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  if (options.action === 'erase') {
    const { records, items } = await eraseFromQuarantine(config, options)
    print(`${records} CDRs and ${items} other items held the number and were removed from the quarantine.`)
    return 0
  }
  if (options.action === 'list') {
    for (const line of await listQuarantine(config)) print(line)
    return 0
  }
  const { sent, left } = await retryQuarantine(config)
  print(`${sent} CDRs were read and sent; ${left} cannot be read or were rejected by SQS, and stay in quarantine.`)
  return left > 0 ? exitStatus.dataError : 0
}

function optionsOf(args: string[]): Options {
  try {
    const text = { type: 'string' } as const
    const options = { config: text, country: { ...text, default: 'FR' }, prefix: { ...text, default: '' } }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [action, number, ...more] = positionals
    const { config: configFile, country, prefix } = values
    if (configFile !== undefined && more.length === 0) {
      if (action === 'erase' && number) return { action, configFile, number, country, prefix }
      if ((action === 'list' || action === 'retry') && number === undefined) return { action, configFile }
    }
  } catch (cause) {
    throw new FatalError('usage', exitStatus.usage, usage, { cause })
  }
  throw new FatalError('usage', exitStatus.usage, usage)
}

/** What `retry` does not send: the PBX's CDR file or a new connection to ARI makes up for it. */
const otherReasons: Readonly<Record<string, string>> = {
  ari: 'an event of ARI that is malformed or of an unknown type; the sweep corrects the state',
  spool: 'a damaged part of the spool; the next connection publishes the state again',
  'body-live': 'facts that SQS rejected; the next connection publishes the state again',
  'body-records': 'a body that SQS rejected; cdrs verify --repair sends its CDRs again',
}

/**
 * Returns a line of JSON for each CDR: when it was refused, why it cannot be read now, and its beginning; then one for each
 * other item.
 */
export async function listQuarantine(config: BridgeConfig): Promise<string[]> {
  const folder = join(config.stateFolder, 'quarantine')
  const refused = new RefusedRecords(folder)
  const names = await namesIn(refused, config)
  if (!names) return []
  const lines: string[] = []
  for (const name of names) {
    for (const record of await refused.read(name)) {
      const { bytes } = record
      const reasons = reasonsOf(record, config)
      const reason = reasons.length > 0 ? [...new Set(reasons)].join('; ') : 'can be read now: run quarantine retry'
      const text = bytes.subarray(0, 4 * shownMax).toString('utf8')
      lines.push(
        JSON.stringify({
          hash: recordHash(bytes),
          refusedAt: new Date(refusedAt(name)).toISOString(),
          reason,
          bytes: bytes.length,
          text: text.slice(0, shownMax),
        }),
      )
    }
  }
  const quarantine = new Quarantine(folder)
  await quarantine.open()
  const describe = ({ atMs, what }: { atMs: number; what: string }) =>
    JSON.stringify({ refusedAt: new Date(atMs).toISOString(), what, reason: otherReasons[what] ?? 'unknown' })
  return [...lines, ...quarantine.list().map(describe)]
}

/** Undefined if the folder does not exist: the bridge has not started yet. */
async function namesIn(refused: RefusedRecords, { stateFolder }: BridgeConfig): Promise<string[] | undefined> {
  try {
    return await refused.names()
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined
    const sentence = `the quarantine in ${stateFolder} cannot be read (${errorCode(cause)}): run the command as the bridge's user`
    throw new FatalError('quarantine-unreadable', exitStatus.noPermission, sentence, { cause })
  }
}

/** Removes what holds the number, in every spelling that the users of a PBX in the country write. */
export async function eraseFromQuarantine(
  { stateFolder }: Pick<BridgeConfig, 'stateFolder'>,
  { number, country, prefix }: { number: string; country: string; prefix: string },
): Promise<{ records: number; items: number }> {
  const matches = holderOf(numberSearch(number, { country: countryCode(country), outsidePrefix: prefix }))
  const folder = join(stateFolder, 'quarantine')
  const [refused, quarantine] = [new RefusedRecords(folder), new Quarantine(folder)]
  try {
    return { records: await refused.erase(matches), items: await quarantine.erase(matches) }
  } catch (cause) {
    const sentence = `the quarantine in ${stateFolder} cannot be changed (${describeError(cause)}): run the command as the bridge's user`
    throw new FatalError('quarantine-unwritable', exitStatus.ioError, sentence, { cause })
  }
}

function reasonsOf({ reason, bytes }: RefusedRecord, { site, cdr }: BridgeConfig): string[] {
  // Only the first part of an overlong record was kept.
  if (reason === overlong || reason === rejected) return [reason]
  return readCdrRecord(site, bytes, cdrFormat(cdr)).flatMap(({ line }) =>
    line.kind === 'malformed' ? [line.reason] : [],
  )
}

/** Reads the quarantine again, and sends what can now be read. Throws FatalError. */
export async function retryQuarantine(config: BridgeConfig): Promise<{ sent: number; left: number }> {
  await using undo = new AsyncDisposableStack()
  const log = createLog({ level: 'warn', write: (line) => process.stderr.write(line) })
  const sign = await readSigningKey(config.key.privateKeyFile)
  const connections = await openSending(config, sign, { counters: new Counters(), log }, undo)
  const total = { sent: 0, left: 0 }
  for (const name of await connections.refused.names()) {
    const { sent, left } = await retryFile(name, config, connections)
    total.sent += sent
    total.left += left
  }
  return total
}

/** Sends what can be read in one file, and replaces the file by one with the other records. */
export async function retryFile(
  name: string,
  config: Pick<BridgeConfig, 'site' | 'cdr'>,
  connections: Pick<SendConnections, 'refused' | 'delivery' | 'packer' | 'records'>,
): Promise<{ sent: number; left: number }> {
  const { refused, delivery, packer, records: to } = connections
  const format = cdrFormat(config.cdr)
  const events: Buffer[] = []
  const sources: Buffer[] = []
  const left: RefusedRecord[] = []
  for (const record of await refused.read(name)) {
    const parts = record.reason === overlong ? [] : readCdrRecord(config.site, record.bytes, format)
    if (parts.length === 0) left.push(record)
    for (const { line, bytes } of parts) {
      if (line.kind === 'cdr') {
        events.push(Buffer.from(line.json))
        sources.push(bytes)
      } else if (line.kind === 'malformed') left.push({ reason: line.reason, bytes })
    }
  }
  if (events.length === 0) return { sent: 0, left: left.length }
  /** The bytes of the records in each body. */
  const bodies = new Map(
    packer.packAll(to.lane, events).map(({ body, from, count }) => [body, sources.slice(from, from + count)]),
  )
  const unsent: RefusedRecord[] = []
  const keep = (body: string) => {
    for (const bytes of bodies.get(body) ?? []) unsent.push({ reason: rejected, bytes })
  }
  if (!(await delivery.deliver(to, [...bodies.keys()], AbortSignal.timeout(sendMsMax), keep))) {
    const sentence = 'SQS did not take the records within two minutes: they stay in quarantine; run the command again'
    throw new FatalError('queue-unavailable', exitStatus.tempFail, sentence)
  }
  // Only now: after a crash the records are sent again, and the cloud deduplicates them.
  await replaceFile(refused, name, [...left, ...unsent])
  return { sent: events.length - unsent.length, left: left.length + unsent.length }
}

async function replaceFile(refused: RefusedRecords, name: string, left: readonly RefusedRecord[]): Promise<void> {
  try {
    await refused.replace(name, left)
  } catch (cause) {
    const sentence = `the quarantine cannot be written (${describeError(cause)}): the records were sent; run the command again`
    throw new FatalError('quarantine-unwritable', exitStatus.ioError, sentence, { cause })
  }
}
