import { runRounds } from '../pbx/support/rounds.ts'
import { startStack } from '../pbx/support/stack.ts'

/**
 * Goal: 20 pages show what Asterisk says, whatever is cut. Method: 50 real calls through bridge, queues and packaged functions,
 * real sockets cut at random during each; `npm run campaign -- presence-rounds [rounds]`.
 */
export async function main(args: string[]): Promise<void> {
  await using stack = await startStack()
  const { rounds, cuts, resets } = await runRounds(stack, Number(args[0] ?? 50))
  console.log(`${rounds} rounds of 20 pages, ${cuts} cuts, ${resets} resets: equal to Asterisk at the end of each`)
}
