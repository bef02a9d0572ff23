import { losePbx, losses, PbxViews } from '../pbx/support/pbx-losses.ts'
import { startStack } from '../pbx/support/stack.ts'

/** Issued limits: from the loss, and from the return of Asterisk. */
const [downMsMax, upMsMax] = [30_000, 5_000]
/** How long Asterisk stays away after everybody was told: a hang of more than a minute fills its queue of connections. */
const awaysMs = [1_000, 5_000, 20_000]

/**
 * Goal: nobody shows the phones and calls of a dead PBX as sure, and everybody is told within 30 s that it is down and within
 * 5 s that it is back. Method: a real Asterisk is killed, hung and stopped in turn during calls, while a client of the
 * protocol, the client that the board uses and the HTTP API are looked at; `npm run campaign -- pbx-down [rounds] [loss]`.
 */
export async function main(args: string[]): Promise<void> {
  const rounds = Number(args[0] ?? 30)
  const kinds = losses.filter((loss) => args[1] === undefined || loss === args[1])
  await using stack = await startStack()
  using views = new PbxViews(stack)
  const worst = { downMs: 0, upMs: 0 }
  for (let round = 0; round < rounds; round += 1) {
    const loss = kinds[round % kinds.length] ?? 'killed'
    const away = awaysMs[Math.floor(round / kinds.length) % awaysMs.length]
    const { toldDownMs, toldUpMs } = await losePbx(stack, views, loss, away)
    worst.downMs = Math.max(worst.downMs, toldDownMs)
    worst.upMs = Math.max(worst.upMs, toldUpMs)
    console.log(`${round + 1}: ${loss}, told after ${seconds(toldDownMs)}, back after ${seconds(toldUpMs)}`)
    if (toldDownMs > downMsMax || toldUpMs > upMsMax) throw new Error(`round ${round + 1} (${loss}) took too long`)
  }
  console.log(`${rounds} losses: told after ${seconds(worst.downMs)} and back after ${seconds(worst.upMs)} at most`)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
