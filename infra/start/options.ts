import path from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from './start-error.ts'

/** Where the calls come from. */
export type PbxChoice =
  | { kind: 'private'; mirror: string | undefined }
  | { kind: 'replay' }
  | { kind: 'own'; url: string; user: string; password: string; cdrFile: string }

export interface StartOptions {
  pbx: PbxChoice
  /** Holds everything that outlives a run: Asterisk, tables, queues, spool, keys. */
  folder: string
}

export const usage = `npm start                                  a real Asterisk with two phones, in a private folder
npm start -- --mirror URL                  the same, its Debian packages from this mirror
npm start -- --replay                      a recording of a real Asterisk instead (SIMULATED)
npm start -- --pbx ws://USER:PASSWORD@HOST:8088 --cdr FILE
                                           your own Asterisk and its JSON-lines CDR file
npm start -- --folder DIR                  keep the data there (default .switchhook)`

/** Parses the command line; the password of `--pbx` may come from ARI_PASSWORD, where no list of processes shows it. */
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
    const said = cause instanceof Error ? cause.message : ''
    throw new StartError('usage', `${said}\n\n${usage}`, 64, { cause })
  }
}

function ownPbx(text: string, cdrFile: string | undefined, password: string | undefined): PbxChoice {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol) || !url.username || !cdrFile) {
    throw new StartError('usage', `--pbx takes ws://USER:PASSWORD@HOST:PORT, and --cdr FILE with it.\n\n${usage}`, 64)
  }
  const secret = decodeURIComponent(url.password) || password
  if (!secret) throw new StartError('usage', 'Give the ARI password in the URL of --pbx or in ARI_PASSWORD.', 64)
  const scheme = url.protocol.replace('ws', 'http')
  return {
    kind: 'own',
    url: `${scheme}//${url.host}/ari`,
    user: decodeURIComponent(url.username),
    password: secret,
    cdrFile: path.resolve(cdrFile),
  }
}
