import * as v from 'valibot'
import { LocalCloudError } from '../errors.ts'
import type { Template } from './template.ts'

/** The `Ref` and `Fn::GetAtt` values of the stack's resources; undefined if unknown. */
export interface PhysicalResources {
  ref(logicalId: string): string | undefined
  attribute(logicalId: string, name: string): string | undefined
}

export interface Intrinsics {
  /** Replaces every intrinsic function in `value`; the error of one that cannot be resolved names `place`. */
  resolve(value: unknown, place: string): unknown
  condition(name: string, place: string): boolean
}

const noValue = Symbol('AWS::NoValue')
const Names = v.pipe(v.array(v.unknown()), v.length(2))

/** Creates a resolver of CloudFormation's intrinsic functions ("Intrinsic function reference"); unknown functions are an error. */
export function createIntrinsics(
  template: Template,
  pseudo: Readonly<Record<string, string>>,
  physical: PhysicalResources,
): Intrinsics {
  const fail = (place: string, what: string): never => {
    throw new LocalCloudError(
      'template-unresolved',
      `The local cloud cannot resolve ${what} at ${place} of the template.`,
    )
  }

  function reference(name: string, place: string): unknown {
    if (name === 'AWS::NoValue') return noValue
    const parameter = template.Parameters[name]
    return pseudo[name] ?? parameter?.Default ?? physical.ref(name) ?? fail(place, `Ref ${name}`)
  }

  function attribute(target: unknown, place: string): string {
    const [id, ...rest] = typeof target === 'string' ? target.split('.') : v.parse(v.array(v.string()), target)
    const name = rest.join('.')
    return physical.attribute(id ?? '', name) ?? fail(place, `Fn::GetAtt ${id}.${name}`)
  }

  function substitute(argument: unknown, place: string): string {
    const [text, own] = Array.isArray(argument) ? argument : [argument, {}]
    const values = v.parse(v.record(v.string(), v.unknown()), resolve(own, place))
    return v.parse(v.string(), text, undefined).replace(/\$\{([^}]+)\}/g, (_whole, name: string) => {
      // A template writes the text "${Literal}" as "${!Literal}".
      if (name.startsWith('!')) return `\${${name.slice(1)}}`
      if (name in values) return String(values[name])
      return String(name.includes('.') ? attribute(name, place) : reference(name, place))
    })
  }

  const list = (value: unknown, place: string): unknown[] => {
    const resolved = resolve(value, place)
    return Array.isArray(resolved) ? resolved : fail(place, 'a value that is not a list')
  }
  const pair = (value: unknown, place: string): [unknown, unknown] => {
    const [first, second] = v.is(Names, value) ? value : fail(place, 'a function without two arguments')
    return [first, second]
  }

  const functions: Record<string, (argument: unknown, place: string) => unknown> = {
    Ref: (name, place) => reference(String(name), place),
    'Fn::GetAtt': attribute,
    'Fn::Sub': substitute,
    'Fn::Join': (argument, place) => {
      const [separator, parts] = pair(argument, place)
      return list(parts, place).map(String).join(String(separator))
    },
    'Fn::Select': (argument, place) => {
      const [index, values] = pair(argument, place)
      return list(values, place)[Number(resolve(index, place))] ?? fail(place, 'Fn::Select beyond the end of its list')
    },
    'Fn::Split': (argument, place) => {
      const [separator, text] = pair(argument, place)
      return String(resolve(text, place)).split(String(separator))
    },
    'Fn::If': (argument, place) => {
      const [name, yes, no] = Array.isArray(argument) ? argument : fail(place, 'Fn::If')
      return resolve(condition(String(name), place) ? yes : no, place)
    },
    'Fn::FindInMap': (argument, place) => {
      const [map, top, second] = list(argument, place).map(String)
      return template.Mappings[map ?? '']?.[top ?? '']?.[second ?? ''] ?? fail(place, `Fn::FindInMap ${map}`)
    },
    'Fn::Equals': (argument, place) => {
      const [left, right] = pair(argument, place).map((side) => String(resolve(side, place)))
      return left === right
    },
    'Fn::Not': (argument, place) => list(argument, place)[0] !== true,
    'Fn::And': (argument, place) => list(argument, place).every((value) => value === true),
    'Fn::Or': (argument, place) => list(argument, place).some((value) => value === true),
    Condition: (name, place) => condition(String(name), place),
  }

  function condition(name: string, place: string): boolean {
    return resolve(template.Conditions[name] ?? fail(place, `Condition ${name}`), `Conditions.${name}`) === true
  }

  function resolve(value: unknown, place: string): unknown {
    if (Array.isArray(value)) {
      return value.map((item, index) => resolve(item, `${place}[${index}]`)).filter((item) => item !== noValue)
    }
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
    const [only] = entries
    if (entries.length === 1 && only !== undefined) {
      const [name, argument] = only
      const apply = name === 'Condition' && typeof argument !== 'string' ? undefined : functions[name]
      if (apply) return apply(argument, place)
      if (name.startsWith('Fn::')) return fail(place, name)
    }
    const resolved = entries.map(([key, item]) => [key, resolve(item, `${place}.${key}`)] as const)
    return Object.fromEntries(resolved.filter(([, item]) => item !== noValue))
  }

  return { resolve, condition }
}
