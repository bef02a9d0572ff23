import path from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from './start-error.ts'

/** The PBX to use: a private Asterisk, a recording or the person's own Asterisk. */
export type PbxChoice =
  | { kind: 'private'; mirror: string | undefined }
  | { kind: 'replay' }
  | { kind: 'own'; url: string; user: string; password: string; cdrFile: string }

export interface StartOptions {
  pbx: PbxChoice
  /** Folder of everything that outlives a run: Asterisk, tables, queues, spool, keys. */
  folder: string
}

export const usage = `npm start                                  runs a real Asterisk with two phones in a private folder
npm start -- --mirror URL                  downloads Asterisk from this Debian mirror
npm start -- --replay                      replays a recording of a real Asterisk (SIMULATED)
npm start -- --pbx ws://USER:PASSWORD@HOST:8088 --cdr FILE
                                           uses your Asterisk and its CDR file
npm start -- --folder DIR                  keeps the data in this folder (default .switchhook)`

/** Parses the command line. ARI_PASSWORD may hold the password of `--pbx`, which process lists would show in the URL. */
export function parseOptions(args: string[], env: Record<string, string | undefined>): StartOptions {
  const { values } = parse(args)
  const folder = path.resolve(values.folder ?? '.switchhook')
  if (values.pbx !== undefined) return { folder, pbx: ownPbx(values.pbx, values.cdr, env['ARI_PASSWORD']) }
  if (values.replay) return { folder, pbx: { kind: 'replay' } }
  return { folder, pbx: { kind: 'private', mirror: values.mirror } }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        replay: { type: 'boolean' },
        mirror: { type: 'string' },
        pbx: { type: 'string' },
        cdr: { type: 'string' },
        folder: { type: 'string' },
      },
    })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : ''
    throw new StartError('usage', `${message}\n\n${usage}`, 64, { cause })
  }
}

function ownPbx(text: string, cdrFile: string | undefined, password: string | undefined): PbxChoice {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol) || !url.username || !cdrFile) {
    throw new StartError(
      'usage',
      `--pbx is not a URL like ws://USER:PASSWORD@HOST:8088, or --cdr FILE is missing.\n\n${usage}`,
      64,
    )
  }
  const secret = decodeURIComponent(url.password) || password
  if (!secret)
    throw new StartError('usage', 'The ARI password is missing: give it in the URL of --pbx or in ARI_PASSWORD.', 64)
  const scheme = url.protocol.replace('ws', 'http')
  return {
    kind: 'own',
    url: `${scheme}//${url.host}/ari`,
    user: decodeURIComponent(url.username),
    password: secret,
    cdrFile: path.resolve(cdrFile),
  }
}
