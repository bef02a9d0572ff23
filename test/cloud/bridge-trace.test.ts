import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { expect, test } from 'vitest'

/*
 * Goal: docs/architecture.md lists every file that an event of Asterisk passes in the bridge, and no other.
 * Method: real events through the bridge's own components to an SQS emulator, with V8's coverage counting the calls of each
 * function between the frame on the socket and SQS's answer. No tick and no heartbeat runs in that time.
 */
const filesMax = 14

const section = /## Live[\s\S]*?(?=\n## )/.exec(readFileSync('docs/architecture.md', 'utf8'))?.[0] ?? ''
const filesIn = (text: string) =>
  [...text.matchAll(/`((?:bridge|contracts)\/[\w./-]+\.ts)`/g)].map(([, file = '']) => file)
const rows = [...section.matchAll(/^\| \d+ \|.*$/gm)].join('\n')
const way = filesIn(rows).filter((file) => file.startsWith('bridge/'))
const helpers = filesIn(/^On the way, these stages call[\s\S]*?(?=\n\n)/m.exec(section)?.[0] ?? '')

/** Writes the spool's positions each few seconds, which on a slow machine falls into the traced time. */
const savedNowAndThen = 'bridge/spool/sealed-file.ts'

test('an Asterisk event runs code of exactly the bridge files in docs/architecture.md, of which it passes at most 14', async () => {
  const script = path.join(import.meta.dirname, 'bridge-trace.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script])
  const files = v.array(v.string())
  const { device, call } = v.parse(v.object({ device: files, call: files }), JSON.parse(stdout))

  const ran = [...new Set([...device, ...call])].filter((file) => file !== savedNowAndThen)
  expect(ran.sort()).toEqual([...way, ...helpers].sort())
  expect(way.length).toBeLessThanOrEqual(filesMax)
  for (const traced of [device, call]) expect(way.filter((file) => traced.includes(file)).length).toBeGreaterThan(10)
})
