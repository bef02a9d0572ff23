import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { cdrFormat, readCdrRecord } from '../../../bridge/normalise/cdr-record.ts'
import type { Call } from '../../../contracts/calls.ts'
import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import { splitCsvRecord } from '../../../contracts/cdr-row/csv-record.ts'
import type { CallState } from '../../../contracts/facts.ts'
import { SiteId } from '../../../contracts/names.ts'
import { callOf } from '../../../functions/domain/calls/call.ts'
import { canonicalNumber, type Numbering } from '../../../functions/domain/phone-number.ts'
import type { AsteriskInstallation } from '../../../infra/asterisk/installation.ts'
import { until } from '../../support/until.ts'
import { type CompanyPbx, type Driver, startCompany } from './company.ts'
import type { CompanyKind } from './company-call.ts'
import { companyKinds } from './company-kinds.ts'
import { watchPbx } from './company-live.ts'
import { conclusionOf, differing } from './live-archive.ts'
import { outsideAnswers } from './trunk.ts'

/** What bridge and call log made of one call, and the fault of making it if it was not made. */
export interface CompanyCall {
  fault: unknown
  live: CallState[]
  archived: Call[]
}

export interface CompanyRun {
  kinds: readonly CompanyKind[]
  /** By the kind's name. */
  calls: Map<string, CompanyCall>
  /** Lines of Asterisk's CDR file, and what the bridge read from each. */
  lines: { text: string; cdr: Cdr | undefined }[]
  refusedFrames: readonly string[]
  isFiltered: boolean
  /** Endpoints whose live state differs from Asterisk's after the last call. */
  presence: string[]
}

const site = v.parse(SiteId, 'company')
const numbering: Numbering = { country: 'FR' }
/** Calls over the provider's trunk in all kinds. */
const providerCalls = 3

/**
 * Makes the calls of all kinds at the same time on one company PBX, by default the Asterisk of the project. `beside` uses other
 * phones of it meanwhile.
 */
export async function runCompany(
  exchange?: AsteriskInstallation,
  driver: Driver = 'PJSIP',
  beside: (it: CompanyPbx) => Promise<void> = async () => undefined,
): Promise<CompanyRun> {
  const kinds = kindsOf(driver)
  await using it = await startCompany(exchange, driver)
  await using live = await watchPbx(it.pbx)
  await using _provider = await outsideAnswers(it.providerPort, 'answers', providerCalls)
  await using _mobile = await outsideAnswers(it.mobilePort, 'busy')
  const besides = beside(it)
  const ends = await Promise.allSettled(kinds.map((kind) => kind.make(it)))
  await besides
  await until('the calls to end', async () =>
    (await it.pbx.cli('core show channels count')).includes('0 active channels'),
  )
  const lines = await until('the CDRs', async () => {
    const read = readLines(await readFile(it.cdrFile, 'utf8'))
    const found = archive(read.flatMap(({ cdr }) => cdr ?? []))
    return kinds.every(({ caller }) => found.some((call) => isOf(call.caller, caller))) && read
  })
  const archived = archive(lines.flatMap(({ cdr }) => cdr ?? []))
  const calls = kinds.map(({ kind, caller }, n): [string, CompanyCall] => {
    const end = ends[n]
    return [
      kind,
      {
        fault: end?.status === 'rejected' ? end.reason : undefined,
        live: live.lastOfCalls().filter((call) => isOf(call.caller, caller) && call.mergedInto === undefined),
        archived: archived.filter((call) => isOf(call.caller, caller)),
      },
    ]
  })
  const { refused, isFiltered } = live
  return { kinds, calls: new Map(calls), lines, refusedFrames: refused, isFiltered, presence: await live.differences() }
}

function kindsOf(driver: Driver): readonly CompanyKind[] {
  if (driver === 'PJSIP') return companyKinds
  return companyKinds.map((kind) => {
    return { ...kind, caller: kind.caller.replace('PJSIP/', 'SIP/'), says: { ...kind.says, ...kind.withSip } }
  })
}

/** Returns what is wrong with a run, one sentence a fault; none if every call is right. */
export function faultsOf(run: CompanyRun): string[] {
  const ofCalls = run.kinds.flatMap((kind) => callFaults(kind, run.calls.get(kind.kind)))
  const ofLines = run.lines.flatMap(({ text, cdr }) => fieldFaults(text, cdr))
  const refused = run.refusedFrames.map((frame) => `the bridge refuses ${frame.slice(0, 200)}`)
  return [...ofCalls, ...ofLines, ...refused, ...run.presence.map((difference) => `presence: ${difference}`)]
}

/** What live and call log say otherwise than a person who watched the phones. */
export function callFaults({ kind, says }: CompanyKind, call: CompanyCall | undefined): string[] {
  const [live, moreLive] = call?.live ?? []
  const [archived, moreArchived] = call?.archived ?? []
  if (call?.fault !== undefined) return [`${kind}: ${call.fault}`]
  if (!live || !archived || moreLive || moreArchived) return [`${kind}: not one call, live and in the log`]
  const { direction = archived.direction, forwardedFrom, transferredTo, ...rest } = says
  const differences = {
    ...differing(
      'log',
      { ...rest, direction, forwardedFrom, transferredTo },
      { ...archived, ...conclusionOf(archived, numbering) },
    ),
    ...differing(
      'live',
      { state: 'ended', ...conclusionOf(archived, numbering) },
      { ...live, ...conclusionOf(live, numbering) },
    ),
  }
  return Object.entries(differences).map(([what, words]) => `${kind}: ${what} ${words}`)
}

const times: ReadonlySet<string> = new Set(['start', 'answer', 'end'])

/** The fields of a line that the bridge reads otherwise than Asterisk wrote them. */
export function fieldFaults(text: string, cdr: Cdr | undefined): string[] {
  if (!cdr) return [`a line cannot be read: ${text}`]
  const written = splitCsvRecord(text) ?? []
  return cdrFields.flatMap((field, n) => {
    const read = String(cdr[field])
    const isEqual = times.has(field) ? read.slice(0, 19) === written[n]?.replace(' ', 'T') : read === written[n]
    return isEqual ? [] : [`${field} is ${read}, Asterisk wrote ${written[n]}`]
  })
}

function isOf({ endpoint, number }: CallState['caller'], caller: string): boolean {
  return endpoint === caller || canonicalNumber(number, numbering) === caller
}

function readLines(text: string): CompanyRun['lines'] {
  // The PBX runs on this machine, in its time zone.
  const format = cdrFormat(undefined)
  // The last line is incomplete until its line feed is written.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [part] = readCdrRecord(site, Buffer.from(line), format)
      return { text: line, cdr: part?.line.kind === 'cdr' ? part.line.event.data.cdr : undefined }
    })
}

function archive(cdrs: readonly Cdr[]): Call[] {
  const groups = Map.groupBy(cdrs, ({ linkedid }) => linkedid)
  return [...groups.values()].flatMap((group) => callOf(group, numbering) ?? [])
}
