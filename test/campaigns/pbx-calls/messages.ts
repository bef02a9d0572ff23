import { legsOf } from '../../pbx/support/legs.ts'
import { until } from '../../support/until.ts'
import { messagesIn, newMessages, toneSeconds } from './audio.ts'
import type { World } from './world.ts'

/** Six seconds of the caller's voice, which begins after the greeting was skipped. */
const spokenPackets = 300
const messageSecondsMin = 2
/** The question for the PIN has a second of audio. */
const questionPackets = 30

/** Calls a phone that does not answer, skips the greeting, speaks, and hangs up. The message must be kept, counted, and be what was said. */
export async function leaveMessage(world: World, from: string, to: string, mailbox: string): Promise<number> {
  const { pbx, phones } = world
  const [before, countBefore] = [await messagesIn(pbx, mailbox), await newMessages(pbx, mailbox)]
  const call = await phones.call({ from, to, digits: '#', pressAfterMs: 1_000 })
  await until('the caller to speak', async () => (await legsOf(pbx)).some(({ received }) => received >= spokenPackets))
  const { cause } = await call.hangup()
  const isKept = async () => (await messagesIn(pbx, mailbox)).length === before.length + 1
  await until('the message to be kept', isKept, 20_000)
  const file = (await messagesIn(pbx, mailbox)).at(-1) ?? ''
  const seconds = await toneSeconds(file)
  if (seconds < messageSecondsMin) throw new Error(`the message has ${seconds} s of the caller's voice`)
  const count = await newMessages(pbx, mailbox)
  if (count !== countBefore + 1) throw new Error(`${count} new messages are counted instead of ${countBefore + 1}`)
  return cause
}

/** Calls the voicemail, gives the PIN, hears the first message, and hangs up. It must be what was said, and no longer be new. */
export async function hearMessage(world: World, from: string, to: string, mailbox: string): Promise<number> {
  const { pbx, phones, secrets } = world
  const countBefore = await newMessages(pbx, mailbox)
  const call = await phones.callAttentively({ from, to })
  // The file of the recording grows by seconds at a time, the count of packets at once.
  const heardPackets = async () => (await legsOf(phones)).reduce((sum, { received }) => sum + received, 0)
  await until('the question for the PIN', async () => (await heardPackets()) >= questionPackets)
  const before = await heardPackets()
  await call.press(`${secrets.mailboxes[mailbox]}#`)
  await until('the number of messages', async () => (await heardPackets()) >= before + 2 * questionPackets)
  await call.press('1')
  await until('the message', async () => (await toneSeconds(call.recording)) >= messageSecondsMin)
  const { cause } = await call.hangup()
  const isOld = async () => (await newMessages(pbx, mailbox)) === countBefore - 1
  await until('the message to count as old', isOld, 20_000)
  return cause
}
