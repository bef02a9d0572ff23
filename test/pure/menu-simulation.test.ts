import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { runCommandLine } from '../../cli/main.ts'
import { isOpen } from '../../contracts/grades.ts'

afterEach(() => vi.restoreAllMocks())

async function simulate(...args: string[]): Promise<{ status: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []]
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line))
  vi.spyOn(console, 'error').mockImplementation((line: string) => void err.push(line))
  return { status: await runCommandLine(['menu', 'test', ...args]), out, err }
}

test('simulates a call to menu 514 from greeting to hang-up', async () => {
  const { status, out } = await simulate('514', '--press', '137', '--press', '#', '--mark', '15.25')
  expect(status).toBe(0)
  expect(out).toEqual([
    'says: Bienvenue au service des notes.',
    "says: Composez votre numéro d'étudiant, trois chiffres.",
    '  pressed: 137',
    "says: Composez votre code secret, puis dièse. Si vous n'en avez pas, composez dièse.",
    '  pressed: #',
    'looks up: 137',
    '  answered: found',
    'says: (success) Étudiant un trois sept . Votre note : quinze virgule vingt-cinq mention bien',
    'says: Au revoir.',
    'hangs up',
  ])
})

test('the simulation hangs up on a silent caller, and continues in the fallback if the lookup is unavailable', async () => {
  expect((await simulate('514')).out.at(-1)).toBe('hangs up')
  const unavailable = await simulate('514', '--press', '137', '--press', '#', '--lookup', 'unavailable')
  expect(unavailable.out.at(-1)).toBe('goes on: 514 in menu-fallback')
})

test('prints each fault of a menu file with its place, and returns 65', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'menu-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'menu.json')
  const nodes = { a: { kind: 'say', prompt: 'hello', next: 'b' }, b: { kind: 'say', prompt: 'hello', next: 'a' } }
  await writeFile(file, JSON.stringify({ extension: '7', language: 'fr', start: 'a', nodes, prompts: {} }))
  const { status, err } = await simulate(file)
  expect(status).toBe(65)
  expect(err).toContain(`${file}: nodes.a.prompt: there is no prompt hello`)
  expect(err).toContain(`${file}: nodes.a: loop without a question: a > b > a`)
})

test.each([
  ['2026-11-24T07:59:00+01:00', false],
  ['2026-11-24T08:00:00+01:00', true],
  ['2026-11-24T19:59:00+01:00', true],
  ['2026-11-24T20:00:00+01:00', false],
  ['2026-11-28T12:00:00+01:00', false],
  ['2026-07-01T08:00:00+02:00', true],
])('with lookup hours Monday to Friday 08:00-20:00 Paris time, isOpen at %s returns %s', (at, open) => {
  const hours = { zone: 'Europe/Paris', open: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '20:00' }] } as const
  expect(isOpen({ ...hours, open: hours.open.map((one) => ({ ...one, days: [...one.days] })) }, Date.parse(at))).toBe(
    open,
  )
})
