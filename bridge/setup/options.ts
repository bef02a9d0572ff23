import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { EnrolmentCode } from '../../contracts/bridge-access.ts'
import { SiteRequest, SiteSettings } from '../../contracts/site.ts'
import { exitStatus, FatalError } from '../failure.ts'
import { describeError } from '../operate/log.ts'

export interface SetupOptions {
  /** Absent with `--undo`, and where `--dry-run` has none. */
  readonly code?: string
  readonly api?: string
  /** Path of the `asterisk.conf` of the PBX; found by itself by default. */
  readonly asterisk?: string
  /** Folder of the bridge's configuration and of the file that undoes setup. */
  readonly folder: string
  readonly stateFolder: string
  /** The user that the bridge runs as. */
  readonly user: string
  readonly httpPort?: number
  readonly amiPort?: number
  readonly healthPort: number
  /** The context of the phones, where call forwarding by the API is wanted. */
  readonly forwarding?: string
  /** Leave the dial plan of FreePBX or Issabel as it is. */
  readonly noDialPlan: boolean
  /** File of an API key that may change the site. */
  readonly keyFile?: string
  readonly site: { zone?: string; country?: string; outsidePrefix?: string }
  readonly dryRun: boolean
  readonly undo: boolean
  readonly yes: boolean
  readonly noStart: boolean
}

export const defaultFolder = '/etc/switchhook'
export const defaultStateFolder = '/var/lib/switchhook'
export const defaultUser = 'switchhook'
export const defaultHealthPort = 8921

const usage =
  'usage is switchhook-bridge setup CODE --api URL [--dry-run | --yes], or switchhook-bridge setup --undo; --help lists the options'

/** Reads the command line; throws FatalError that names what is wrong with it. */
export function parseSetupOptions(args: string[]): SetupOptions {
  const { values, positionals } = parse(args)
  const [code, ...more] = positionals
  if (more.length > 0) throw wrong(usage)
  const { undo = false } = values
  const dryRun = values['dry-run'] ?? false
  if (undo && (code !== undefined || dryRun)) throw wrong('--undo takes no code, and cannot be tried with --dry-run')
  if (!undo && !dryRun && (code === undefined || values.api === undefined)) throw wrong(usage)
  if (code !== undefined && !v.is(EnrolmentCode, code))
    throw wrong('the first word is not an enrolment code, which begins with she_ and the site: copy the whole code')
  if (values.api !== undefined && !(URL.canParse(values.api) && /^https?:/.test(values.api)))
    throw wrong('--api must be a URL, for example --api https://HOST')
  const site = {
    ...(values.zone !== undefined && { zone: valid('zone', SiteRequest.entries.zone, values.zone) }),
    ...(values.country !== undefined && { country: valid('country', SiteRequest.entries.country, values.country) }),
    ...(values.prefix !== undefined && {
      outsidePrefix: valid('prefix', SiteSettings.entries.outsidePrefix, values.prefix),
    }),
  }
  const ports = { httpPort: port('http-port', values), amiPort: port('ami-port', values) }
  if (values.forwarding !== undefined && !/^[\w-]{1,79}$/.test(values.forwarding))
    throw wrong('--forwarding must name the context of the phones, for example --forwarding internal')
  return {
    ...(code !== undefined && { code }),
    ...(values.api !== undefined && { api: values.api.replace(/\/+$/, '') }),
    ...(values.asterisk !== undefined && { asterisk: resolve(values.asterisk) }),
    ...(values.forwarding !== undefined && { forwarding: values.forwarding }),
    ...(values['key-file'] !== undefined && { keyFile: values['key-file'] }),
    ...(ports.httpPort !== undefined && { httpPort: ports.httpPort }),
    ...(ports.amiPort !== undefined && { amiPort: ports.amiPort }),
    folder: resolve(values.folder ?? defaultFolder),
    stateFolder: resolve(values['state-folder'] ?? defaultStateFolder),
    user: values.user ?? defaultUser,
    healthPort: port('health-port', values) ?? defaultHealthPort,
    site,
    dryRun,
    undo,
    yes: values.yes ?? false,
    noStart: values['no-start'] ?? false,
    noDialPlan: values['no-dial-plan'] ?? false,
  }
}

function parse(args: string[]) {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        api: text,
        asterisk: text,
        folder: text,
        'state-folder': text,
        user: text,
        'http-port': text,
        'ami-port': text,
        'health-port': text,
        forwarding: text,
        'key-file': text,
        zone: text,
        country: text,
        prefix: text,
        'dry-run': flag,
        undo: flag,
        yes: { ...flag, short: 'y' },
        'no-start': flag,
        'no-dial-plan': flag,
      },
    })
  } catch (cause) {
    throw wrong(`${describeError(cause)}: ${usage}`)
  }
}

function port(name: 'http-port' | 'ami-port' | 'health-port', values: Partial<Record<string, string | boolean>>) {
  const given = values[name]
  if (given === undefined) return undefined
  const number = Number(given)
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number
  throw wrong(`--${name} must be a port, for example --${name} ${name === 'http-port' ? 8089 : 5039}`)
}

function valid<T extends v.GenericSchema<string | undefined, string | undefined>>(
  name: string,
  schema: T,
  value: string,
) {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output ?? value
  throw wrong(`--${name}: ${result.issues[0].message}`)
}

function wrong(sentence: string): FatalError {
  return new FatalError('usage', exitStatus.usage, sentence)
}
