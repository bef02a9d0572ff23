import * as v from 'valibot'
import { Menu, type Node } from './menu.ts'

/** A fault of a menu; `place` is the path in its JSON, for example `nodes.bye.prompt`. */
export interface MenuFault {
  place: string
  reason: string
}
export type CheckedMenu = { menu: Menu; faults?: never } | { menu?: never; faults: MenuFault[] }

/** Fields that a successful lookup sets. */
export const foundFields = ['note', 'mention', 'honour'] as const

/** Parses a menu; returns the menu, or all of its faults. */
export function checkMenu(json: unknown): CheckedMenu {
  const parsed = v.safeParse(Menu, json)
  if (!parsed.success) {
    return { faults: parsed.issues.map((issue) => ({ place: v.getDotPath(issue) ?? 'menu', reason: issue.message })) }
  }
  const menu = parsed.output
  const faults = [...missingTargets(menu), ...unreachableNodes(menu), ...endlessLoops(menu), ...unknownFields(menu)]
  return faults.length === 0 ? { menu } : { faults }
}

/** Returns the possible next nodes of a node, each with the field that names it. */
export function nextOf(node: Node): [field: string, node: string][] {
  switch (node.kind) {
    case 'say':
      return [['next', node.next]]
    case 'ask':
      return [
        ['next', node.next],
        ['failed', node.failed],
      ]
    case 'look-up':
      return (['found', 'unknown', 'locked', 'closed', 'unavailable'] as const).map((field) => [field, node[field]])
    case 'branch':
      return [
        ...Object.entries(node.cases).map(([key, to]): [string, string] => [`cases.${key}`, to]),
        ['otherwise', node.otherwise],
      ]
    case 'dial':
    case 'hang-up':
      return []
  }
}

function promptsOf(node: Node): [field: string, prompt: string][] {
  if (node.kind === 'say') return [['prompt', node.prompt]]
  if (node.kind === 'ask')
    return [
      ['prompt', node.prompt],
      ['again', node.again],
    ]
  return node.kind === 'look-up' ? [['filler', node.filler]] : []
}

/** Names of nodes and prompts that do not exist, and prompts that are empty in the menu's language. */
function missingTargets(menu: Menu): MenuFault[] {
  const faults: MenuFault[] = []
  if (!Object.hasOwn(menu.nodes, menu.start)) faults.push({ place: 'start', reason: `there is no node ${menu.start}` })
  for (const [name, node] of Object.entries(menu.nodes)) {
    for (const [field, to] of nextOf(node)) {
      if (!Object.hasOwn(menu.nodes, to))
        faults.push({ place: `nodes.${name}.${field}`, reason: `there is no node ${to}` })
    }
    for (const [field, prompt] of promptsOf(node)) {
      const spoken = Object.hasOwn(menu.prompts, prompt) ? menu.prompts[prompt] : undefined
      if (!spoken) faults.push({ place: `nodes.${name}.${field}`, reason: `there is no prompt ${prompt}` })
      else if (spoken[menu.language].length === 0)
        faults.push({ place: `prompts.${prompt}.${menu.language}`, reason: 'the prompt is empty' })
    }
  }
  return faults
}

function unreachableNodes(menu: Menu): MenuFault[] {
  const reached = new Set<string>()
  const toVisit = [menu.start]
  // Each node is visited once: at most as many turns as the menu has edges.
  for (let name = toVisit.pop(); name !== undefined; name = toVisit.pop()) {
    if (reached.has(name)) continue
    reached.add(name)
    const node = Object.hasOwn(menu.nodes, name) ? menu.nodes[name] : undefined
    if (node) toVisit.push(...nextOf(node).map(([, to]) => to))
  }
  return Object.keys(menu.nodes)
    .filter((name) => !reached.has(name))
    .map((name) => ({ place: `nodes.${name}`, reason: 'no node leads to this node' }))
}

/** Loops without a question in them: they would play to the caller forever. */
function endlessLoops(menu: Menu): MenuFault[] {
  const done = new Set<string>()
  const faults: MenuFault[] = []
  const walk = (name: string, path: string[]) => {
    const at = path.indexOf(name)
    if (at >= 0) {
      faults.push({
        place: `nodes.${name}`,
        reason: `loop without a question: ${[...path.slice(at), name].join(' > ')}`,
      })
      return
    }
    const node = Object.hasOwn(menu.nodes, name) ? menu.nodes[name] : undefined
    if (!node || done.has(name)) return
    // An `ask` node needs the caller's answer before `next`, but reaches `failed` without any answer.
    const nextNodes = node.kind === 'ask' ? [node.failed] : nextOf(node).map(([, to]) => to)
    for (const to of nextNodes) walk(to, [...path, name])
    done.add(name)
  }
  for (const name of Object.keys(menu.nodes)) walk(name, [])
  return faults
}

/** Fields that neither an `ask` node nor the lookup sets. */
function unknownFields(menu: Menu): MenuFault[] {
  const known = new Set<string>(foundFields)
  for (const node of Object.values(menu.nodes)) if (node.kind === 'ask') known.add(node.into)
  const faults: MenuFault[] = []
  const check = (place: string, field: string | undefined) => {
    if (field !== undefined && !known.has(field)) faults.push({ place, reason: `no node sets the field ${field}` })
  }
  for (const [name, node] of Object.entries(menu.nodes)) {
    if (node.kind === 'look-up') {
      check(`nodes.${name}.matricule`, node.matricule)
      check(`nodes.${name}.pin`, node.pin)
    }
    if (node.kind === 'branch') check(`nodes.${name}.on`, node.on)
  }
  for (const [name, prompt] of Object.entries(menu.prompts)) {
    for (const language of ['fr', 'en'] as const) {
      for (const part of prompt[language]) {
        if (!('text' in part)) continue
        for (const [, field] of part.text.matchAll(/\{([^}]*)\}/g)) check(`prompts.${name}.${language}`, field)
      }
    }
  }
  return faults
}
