import { randomInt } from 'node:crypto'
import { deploy } from '../support/deployment.ts'
import { atOnce, fuzzRequests } from '../support/fuzz/run.ts'
import { fuzzFrames } from '../support/fuzz/run-frames.ts'
import { httpSender } from '../support/fuzz/send.ts'
import { Random } from '../support/random.ts'

const countDefault = 10_000

/**
 * `npm run campaign -- fuzz [--requests N] [--frames N] [--seed N]`. Goal: no request and no frame is answered by a server error, by
 * something that the served documents do not describe, or not at all. Method: requests and frames are made from the OpenAPI and
 * AsyncAPI documents that the packaged functions serve, valid, nearly valid and odd ones, with keys of every kind; ids, cursors and
 * ETags of answers come back in later requests.
 */
export async function main(args: string[]): Promise<void> {
  const option = (name: string, or: number) => Number(args[args.indexOf(`--${name}`) + 1 || args.length] ?? or)
  const [requests, frames, seed] = [
    option('requests', countDefault),
    option('frames', countDefault),
    option('seed', randomInt(2 ** 31)),
  ]
  console.log(`seed ${seed}: npm run campaign -- fuzz --seed ${seed} repeats the choices`)
  await using deployment = await deploy()
  const common = { deployment, random: new Random(seed), isShared: false }
  await tryRequests({ ...common, name: 'fuzz', count: requests })
  await tryFrames({ ...common, name: 'fuzz-frames', count: frames })
}

type Options = Parameters<typeof fuzzFrames>[0]

async function tryRequests(options: Options): Promise<void> {
  const { statuses, reached, findings } = await fuzzRequests({
    ...options,
    send: httpSender(options.deployment.cloud.httpUrl, atOnce),
    onProgress: progress('requests'),
  })
  console.log('answers by status', Object.fromEntries([...statuses].sort(([a], [b]) => a - b)))
  console.log(`${reached.size} operations succeeded at least once`)
  for (const { why, request } of findings) console.log(why, JSON.stringify(request).slice(0, 3_000))
  if (findings.length > 0) throw new Error(`${findings.length} of ${options.count} requests had a wrong answer or none`)
}

async function tryFrames(options: Options): Promise<void> {
  const { answers, closed, findings } = await fuzzFrames({ ...options, onProgress: progress('frames') })
  console.log('answers by type', Object.fromEntries(answers), 'connections closed by code', Object.fromEntries(closed))
  for (const { why, frame } of findings) console.log(why, frame.slice(0, 3_000))
  if (findings.length > 0) throw new Error(`${findings.length} of ${options.count} frames had a wrong answer or none`)
}

function progress(what: string) {
  return (done: number) => {
    if (done % 500 === 0) console.log(`${done} ${what}`)
  }
}
