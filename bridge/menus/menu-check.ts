import * as v from 'valibot'
import { Menu, type Node } from './menu.ts'

/** What is wrong with a menu, and where. */
export interface MenuFault {
  place: string
  reason: string
}
export type CheckedMenu = { menu: Menu; faults?: never } | { menu?: never; faults: MenuFault[] }

/** Fields that are known wherever a look-up has found something. */
export const foundFields = ['note', 'mention', 'honour'] as const

/** A menu from JSON, or every fault of it with its place; a menu with a fault is not run at all. */
export function checkMenu(json: unknown): CheckedMenu {
  const parsed = v.safeParse(Menu, json)
  if (!parsed.success) {
    return { faults: parsed.issues.map((issue) => ({ place: v.getDotPath(issue) ?? 'menu', reason: issue.message })) }
  }
  const menu = parsed.output
  const faults = [...missing(menu), ...unused(menu), ...circles(menu), ...fields(menu)]
  return faults.length === 0 ? { menu } : { faults }
}

/** Where a node may lead. */
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

function missing(menu: Menu): MenuFault[] {
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
        faults.push({ place: `prompts.${prompt}.${menu.language}`, reason: 'says nothing' })
    }
  }
  return faults
}

function unused(menu: Menu): MenuFault[] {
  const reached = new Set<string>()
  const waiting = [menu.start]
  // Each node is visited once: at most as many turns as there are edges.
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (reached.has(at)) continue
    reached.add(at)
    const node = Object.hasOwn(menu.nodes, at) ? menu.nodes[at] : undefined
    if (node) waiting.push(...nextOf(node).map(([, to]) => to))
  }
  return Object.keys(menu.nodes)
    .filter((name) => !reached.has(name))
    .map((name) => ({ place: `nodes.${name}`, reason: 'no way leads to it' }))
}

/** A circle that no caller's digit breaks would talk for ever. */
function circles(menu: Menu): MenuFault[] {
  const done = new Set<string>()
  const faults: MenuFault[] = []
  const walk = (name: string, path: string[]) => {
    const at = path.indexOf(name)
    if (at >= 0) {
      faults.push({
        place: `nodes.${name}`,
        reason: `a loop without a question: ${[...path.slice(at), name].join(' > ')}`,
      })
      return
    }
    const node = Object.hasOwn(menu.nodes, name) ? menu.nodes[name] : undefined
    if (!node || done.has(name)) return
    // An ask waits for the caller on its way to `next`; `failed` follows a caller who does nothing.
    const goesOn = node.kind === 'ask' ? [node.failed] : nextOf(node).map(([, to]) => to)
    for (const to of goesOn) walk(to, [...path, name])
    done.add(name)
  }
  for (const name of Object.keys(menu.nodes)) walk(name, [])
  return faults
}

/** Names of what is asked somewhere, or found. */
function fields(menu: Menu): MenuFault[] {
  const known = new Set<string>(foundFields)
  for (const node of Object.values(menu.nodes)) if (node.kind === 'ask') known.add(node.into)
  const faults: MenuFault[] = []
  const check = (place: string, field: string | undefined) => {
    if (field !== undefined && !known.has(field)) faults.push({ place, reason: `nothing asks or finds ${field}` })
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
