import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import type { SharedDeployment } from '../../support/deployment.ts'
import type { TestPbx } from './pbx.ts'

/** What a command wrote, and its exit status. */
export interface Ran {
  status: number
  out: string
  err: string
}

const Failed = v.looseObject({ code: v.number(), stdout: v.string(), stderr: v.string() })

/** Takes away from a PBX what Switchhook needs, in files as people leave them: Latin-1, CRLF, no line feed at the end. */
export async function forgetSwitchhook({ pbx }: TestPbx): Promise<void> {
  const files = {
    'http.conf': `[general]\nenabled=no ; nobody needs it\nbindport=${new URL(pbx.ariUrl).port}\n[post_mappings]\n`,
    'ari.conf': '[general]\r\nenabled = no\r\n',
    'manager.conf': `[general]\nenabled = yes\nport = ${pbx.amiPort}\nbindaddr = 127.0.0.1\n\n[admin]\nsecret = h\xe9ritage\nread = all`,
    'cdr.conf': ';[general]\n[general]\nendbeforehexten=yes\n[csv]\nusegmtime=yes\n',
    'cdr_custom.conf': '; none yet\n',
  }
  for (const [name, text] of Object.entries(files))
    await writeFile(path.join(pbx.configurationFolder, name), Buffer.from(text, 'latin1'))
  const reloads = ['http', 'res_ari.so', 'cdr'].map((module) => `module reload ${module}`)
  for (const command of [...reloads, 'manager reload', 'module unload cdr_custom.so']) await pbx.cli(command)
}

/** Runs `switchhook-bridge setup` by its bundle, as a person does on the PBX. */
export class SetupCommand {
  readonly #program: string
  readonly #deployment: SharedDeployment
  readonly #folder: string
  readonly #it: TestPbx
  constructor(program: string, deployment: SharedDeployment, folder: string, it: TestPbx) {
    this.#program = program
    this.#deployment = deployment
    this.#folder = folder
    this.#it = it
  }

  get folder(): string {
    return path.join(this.#folder, 'etc')
  }
  get stateFolder(): string {
    return path.join(this.#folder, 'state')
  }
  get configFile(): string {
    return path.join(this.folder, 'bridge.json')
  }

  /** The options of every run but `--undo`. */
  get onThisPbx(): string[] {
    const mainFile = path.join(this.#it.pbx.configurationFolder, 'asterisk.conf')
    const ports = ['--health-port', String(this.#it.sparePort)]
    return ['--api', this.#deployment.cloud.httpUrl, '--asterisk', mainFile, '--no-start', ...ports]
  }

  /** Starts it; `answer` is what a person types. */
  start(args: readonly string[], answer = '') {
    const folders = ['--folder', this.folder, '--state-folder', this.stateFolder]
    const env = { ...process.env, AWS_ENDPOINT_URL_SQS: this.#deployment.cloud.endpoints.sqs }
    const running = promisify(execFile)(process.execPath, [this.#program, 'setup', ...args, ...folders], { env })
    running.child.stdin?.end(answer)
    const ran = running.then(
      ({ stdout, stderr }): Ran => ({ status: 0, out: stdout, err: stderr }),
      (error: unknown): Ran => {
        const { code, stdout, stderr } = v.parse(Failed, error)
        return { status: code, out: stdout, err: stderr }
      },
    )
    return { child: running.child, ran }
  }

  run(args: readonly string[], answer?: string): Promise<Ran> {
    return this.start(args, answer).ran
  }
}
