import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../support/until.ts'
import type { CompanyPbx } from './company.ts'
import { rings } from './company-call.ts'
import { colours } from './queue-show.ts'

/**
 * What happens in the queues 410, 411 and 412 of the company with their twelve members 167 to 178. Each step is done when
 * Asterisk has done it; then both sides are compared. A scenario leaves the queues as it found them.
 */
export interface QueueScenario {
  name: string
  steps: readonly ((it: CompanyPbx) => Promise<unknown>)[]
}
type Step = QueueScenario['steps'][number]

const cli =
  (...commands: string[]): Step =>
  async ({ pbx }) => {
    for (const command of commands) await pbx.cli(command)
  }
/** Waits until `queue show` matches. */
const shows = (queue: string, pattern: RegExp) => async (it: CompanyPbx) => {
  const plain = async () => (await it.pbx.cli(`queue show ${queue}`)).replaceAll(colours, '')
  await until(`${pattern} in queue ${queue}`, async () => pattern.test(await plain()))
}
const behave =
  (numbers: readonly string[], behaviour: Parameters<CompanyPbx['phones']['setBehaviour']>[1]): Step =>
  async ({ phones }) => {
    for (const number of numbers) await phones.setBehaviour(number, behaviour)
  }
const calls = new Map<string, { hangup(): Promise<unknown> }>()
const call =
  (from: string, to: string): Step =>
  async ({ phones }) => {
    calls.set(from, await phones.call({ from, to }))
  }
const hangUp =
  (...numbers: string[]): Step =>
  async () => {
    for (const number of numbers) {
      await calls.get(number)?.hangup()
      calls.delete(number)
    }
  }
const together =
  (...steps: Step[]): Step =>
  async (it) => {
    for (const step of steps) await step(it)
  }
/** Changes queues.conf and reloads it. */
const reload =
  (change: (text: string) => string): Step =>
  async ({ pbx }) => {
    const file = join(pbx.configurationFolder, 'queues.conf')
    await writeFile(file, change(await readFile(file, 'utf8')))
    await pbx.cli('queue reload all')
  }

const desks = ['167', '168', '169', '170']
const shops = ['171', '172', '173', '174']
const workshops = ['175', '176', '177', '178']
const answer = { kind: 'answer' } as const

/** One of each kind; `npm test` runs these, the campaign all. */
export const sampledScenarios: readonly QueueScenario[] = [
  {
    name: 'a member pauses with a reason and comes back',
    steps: [
      cli('queue pause member PJSIP/171 queue 411 reason lunch'),
      cli('queue unpause member PJSIP/171 queue 411'),
    ],
  },
  {
    name: 'a member logs in with a name and a penalty, and logs out',
    steps: [
      cli('queue add member PJSIP/179 to 410 penalty 4 as "Anna Petit" state_interface hint:175@ext-local'),
      cli('queue remove member PJSIP/179 from 410'),
    ],
  },
  {
    name: 'a call rings at members, is answered by one and counted for it',
    steps: [
      together(
        behave(['175'], answer),
        behave(['176', '177', '178'], rings),
        call('179', '412'),
        shows('412', /in call/),
      ),
      together(hangUp('179'), shows('412', /has taken 1 calls/)),
    ],
  },
  {
    name: 'three callers wait, and the middle one gives up',
    steps: [
      together(
        behave(desks, rings),
        call('179', '410'),
        shows('410', /1\. .*PJSIP\/179/),
        call('180', '410'),
        shows('410', /2\. /),
      ),
      together(call('181', '410'), shows('410', /3\. /)),
      together(hangUp('180'), shows('410', /2\. PJSIP\/181/)),
      together(hangUp('179', '181'), shows('410', /No Callers/)),
    ],
  },
  {
    name: '`queue reload` adds a queue, changes one and removes it again',
    steps: [
      reload((text) => `${text}\n[419](queue-of-company)\nmember => PJSIP/174,2,Extra\n`),
      reload((text) => text.replace('PJSIP/174,2,Extra', 'PJSIP/173,1,Other')),
      reload((text) => text.replace(/\n\[419\][^[]*$/, '')),
    ],
  },
]

export const queueScenarios: readonly QueueScenario[] = [
  { name: 'nothing happens', steps: [async () => undefined] },
  ...sampledScenarios,
  {
    name: 'a member of two queues pauses in both at once',
    steps: [
      cli('queue add member PJSIP/171 to 410'),
      cli('queue pause member PJSIP/171'),
      cli('queue unpause member PJSIP/171', 'queue remove member PJSIP/171 from 410'),
    ],
  },
  {
    name: 'the penalty of a member changes',
    steps: [cli('queue set penalty 7 on PJSIP/172 in 411'), cli('queue set penalty 1 on PJSIP/172 in 411')],
  },
  {
    name: 'a member may no longer be rung while in use',
    steps: [cli('queue set ringinuse no on PJSIP/172 in 411'), cli('queue set ringinuse yes on PJSIP/172 in 411')],
  },
  {
    name: 'a member calls a colleague directly',
    steps: [
      together(behave(['169'], answer), call('167', '169'), shows('410', /167.*In use/), shows('410', /169.*In use/)),
      together(hangUp('167'), shows('410', /169[^\n]*Not in use/)),
    ],
  },
  {
    name: 'a member behind a hint is rung directly',
    steps: [
      together(behave(['176'], rings), call('179', '176'), shows('412', /176.*Ringing/)),
      together(hangUp('179'), shows('412', /176[^\n]*Not in use/)),
    ],
  },
  {
    name: 'the phone of a member is switched off and on',
    steps: [
      together(({ phones }) => phones.unregister('172'), shows('411', /172.*Unavailable/)),
      together(({ phones }) => phones.register('172'), shows('411', /172[^\n]*Not in use/)),
    ],
  },
  {
    name: 'all members of a queue are paused while a caller waits',
    steps: [
      together(
        behave(shops, rings),
        ...shops.map((n) => cli(`queue pause member PJSIP/${n} queue 411 reason meeting`)),
      ),
      together(call('179', '411'), shows('411', /1\. /)),
      together(hangUp('179'), shows('411', /No Callers/)),
      together(...shops.map((n) => cli(`queue unpause member PJSIP/${n} queue 411`))),
    ],
  },
  {
    name: 'callers wait in all three queues at once',
    steps: [
      together(behave([...desks, ...shops, ...workshops], rings)),
      together(call('179', '410'), call('180', '411'), call('181', '412'), shows('412', /1\. /), shows('411', /1\. /)),
      together(
        hangUp('179', '180', '181'),
        shows('410', /No Callers/),
        shows('411', /No Callers/),
        shows('412', /No Callers/),
      ),
    ],
  },
  {
    name: 'two calls of one queue are answered by two members',
    steps: [
      together(behave(desks, rings), behave(['168'], answer), call('179', '410'), shows('410', /168.*in call/)),
      together(behave(['168'], rings), behave(['169'], answer), call('180', '410'), shows('410', /169.*in call/)),
      together(hangUp('179'), shows('410', /168[^\n]*has taken 1 calls/)),
      together(hangUp('180'), shows('410', /169[^\n]*has taken 1 calls/)),
    ],
  },
  {
    name: 'a linear queue rings its members one after the other',
    steps: [
      together(behave(shops, rings), call('179', '411'), shows('411', /Ringing/)),
      together(hangUp('179'), shows('411', /No Callers/)),
    ],
  },
  {
    name: 'an agent ends the call, not the caller',
    steps: [
      together(behave(['177'], { kind: 'answer', talkMs: 1_500 }), behave(['175', '176', '178'], rings)),
      together(call('179', '412'), shows('412', /in call/)),
      together(shows('412', /177[^\n]*has taken/), hangUp('179')),
    ],
  },
  {
    name: 'figures of a queue are set back',
    steps: [cli('queue reset stats 412'), cli('queue reset stats 410')],
  },
  {
    name: '`queue reload` changes the strategy, and changes it back',
    steps: [
      reload((text) => text.replace('strategy = leastrecent', 'strategy = fewestcalls')),
      reload((text) => text.replace('strategy = fewestcalls', 'strategy = leastrecent')),
    ],
  },
  {
    name: 'a member leaves queues.conf while a caller waits, and returns',
    steps: [
      together(behave(desks, rings), call('179', '410'), shows('410', /1\. /)),
      reload((text) => text.replace('member => Local/170', ';member => Local/170')),
      reload((text) => text.replace(';member => Local/170', 'member => Local/170')),
      together(hangUp('179'), shows('410', /No Callers/)),
    ],
  },
  {
    name: 'a queue with a member that logged in vanishes, returns and vanishes again',
    steps: [
      reload((text) => `${text}\n[419](queue-of-company)\nmember => PJSIP/174,2,Extra\n`),
      cli('queue add member PJSIP/173 to 419 penalty 1 as "Anna Petit"'),
      reload((text) => text.replace(/\n\[419\][^[]*$/, '')),
      reload((text) => `${text}\n[419](queue-of-company)\nmember => PJSIP/174,2,Extra\n`),
      reload((text) => text.replace(/\n\[419\][^[]*$/, '')),
    ],
  },
  {
    name: 'the module is unloaded and loaded again',
    steps: [cli('module unload app_queue.so', 'module load app_queue.so')],
  },
  {
    name: 'Asterisk restarts',
    steps: [
      async ({ pbx }) => {
        await pbx.stop()
        await pbx.start()
      },
    ],
  },
]
