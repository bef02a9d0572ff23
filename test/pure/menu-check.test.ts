import { expect, test } from 'vitest'
import type { Menu } from '../../bridge/menus/menu.ts'
import { checkMenu } from '../../bridge/menus/menu-check.ts'
import { menuOf } from '../support/menus.ts'

const faulty: [what: string, change: (menu: Menu) => void, place: string, reason: string][] = [
  [
    'a next node that does not exist',
    (menu) => Object.assign(menu.nodes['welcome'] ?? {}, { next: 'nowhere' }),
    'nodes.welcome.next',
    'there is no node nowhere',
  ],
  [
    'a start node that does not exist',
    (menu) => Object.assign(menu, { start: 'constructor' }),
    'start',
    'there is no node constructor',
  ],
  ['a missing prompt', (menu) => void delete menu.prompts['bye'], 'nodes.bye.prompt', 'there is no prompt bye'],
  [
    'an empty prompt',
    (menu) => void Object.assign(menu.prompts['bye'] ?? {}, { fr: [] }),
    'prompts.bye.fr',
    'the prompt is empty',
  ],
  [
    'an unreachable node',
    (menu) => Object.assign(menu.nodes, { island: { kind: 'hang-up' } }),
    'nodes.island',
    'no node leads to this node',
  ],
  [
    'a loop without a question',
    (menu) => Object.assign(menu.nodes['bye'] ?? {}, { next: 'success' }),
    'nodes.bye',
    'loop without a question: bye > success > bye',
  ],
  [
    'a field that no node sets',
    (menu) => Object.assign(menu.nodes['grade'] ?? {}, { pin: 'code' }),
    'nodes.grade.pin',
    'no node sets the field code',
  ],
]
test.each(faulty)('rejects a menu with %s, naming place and reason', (_, change, place, reason) => {
  const menu = structuredClone(menuOf('514'))
  change(menu)
  expect(checkMenu(menu).faults).toContainEqual({ place, reason })
})

test('rejects a menu with an unknown kind of node, and JSON that is not a menu', () => {
  const menu = { ...menuOf('514'), nodes: { welcome: { kind: 'sing' } } }
  expect(checkMenu(menu).faults?.[0]).toEqual({
    place: 'nodes.welcome.kind',
    reason: 'say, ask, look-up, branch, dial or hang-up',
  })
  for (const json of [null, [], 'menu', 5, {}]) expect(checkMenu(json).faults?.length).toBeGreaterThan(0)
})
