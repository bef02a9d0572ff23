import { expect, test } from 'vitest'
import type { Menu } from '../../bridge/menus/menu.ts'
import { checkMenu } from '../../bridge/menus/menu-check.ts'
import { menuOf } from '../support/menus.ts'

const faulty: [what: string, change: (menu: Menu) => void, place: string, reason: string][] = [
  [
    'a way to no node',
    (menu) => Object.assign(menu.nodes['welcome'] ?? {}, { next: 'nowhere' }),
    'nodes.welcome.next',
    'there is no node nowhere',
  ],
  [
    'a start that is no node',
    (menu) => Object.assign(menu, { start: 'constructor' }),
    'start',
    'there is no node constructor',
  ],
  ['a missing prompt', (menu) => void delete menu.prompts['bye'], 'nodes.bye.prompt', 'there is no prompt bye'],
  [
    'a prompt that says nothing',
    (menu) => void Object.assign(menu.prompts['bye'] ?? {}, { fr: [] }),
    'prompts.bye.fr',
    'says nothing',
  ],
  [
    'a node that no way leads to',
    (menu) => Object.assign(menu.nodes, { island: { kind: 'hang-up' } }),
    'nodes.island',
    'no way leads to it',
  ],
  [
    'a loop without a question',
    (menu) => Object.assign(menu.nodes['bye'] ?? {}, { next: 'success' }),
    'nodes.bye',
    'a loop without a question: bye > success > bye',
  ],
  [
    'a field that nothing asks',
    (menu) => Object.assign(menu.nodes['grade'] ?? {}, { pin: 'code' }),
    'nodes.grade.pin',
    'nothing asks or finds code',
  ],
]
test.each(faulty)('a menu with %s is refused with place and reason', (_, change, place, reason) => {
  const menu = structuredClone(menuOf('514'))
  change(menu)
  expect(checkMenu(menu).faults).toContainEqual({ place, reason })
})

test('a menu of the wrong shape is refused by place, and a menu of no shape too', () => {
  const menu = { ...menuOf('514'), nodes: { welcome: { kind: 'sing' } } }
  expect(checkMenu(menu).faults?.[0]).toEqual({
    place: 'nodes.welcome.kind',
    reason: 'say, ask, look-up, branch, dial or hang-up',
  })
  for (const json of [null, [], 'menu', 5, {}]) expect(checkMenu(json).faults?.length).toBeGreaterThan(0)
})
