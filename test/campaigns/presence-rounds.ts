import { runRounds } from '../pbx/support/rounds.ts'
import { startStack } from '../pbx/support/stack.ts'

/**
 * Goal: 20 pages show the state of Asterisk, whatever connections are lost. Method: 50 real calls through bridge, queues and
 * packaged functions, while real sockets are cut at random; `npm run campaign -- presence-rounds [rounds]`.
 */
export async function main(args: string[]): Promise<void> {
  await using stack = await startStack()
  const { rounds, cuts, resets } = await runRounds(stack, { rounds: Number(args[0] ?? 50), subscribers: 20 })
  console.log(
    `${rounds} rounds of 20 pages, ${cuts} cuts, ${resets} resets: every page equals Asterisk at the end of each`,
  )
}
