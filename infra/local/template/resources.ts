import * as v from 'valibot'
import { LocalCloudError } from '../errors.ts'
import type { Intrinsics } from './intrinsics.ts'
import type { Template } from './template.ts'

export interface StackResource<T> {
  logicalId: string
  properties: T
}

/** Reads resources of the template with their intrinsic functions resolved. */
export interface StackResources {
  /** Returns all resources of a type, parsed by `schema`; throws if one does not fit it. */
  ofType<T>(type: string, schema: v.GenericSchema<unknown, T>): StackResource<T>[]
}

export function createStackResources(template: Template, intrinsics: Intrinsics): StackResources {
  return {
    ofType(type, schema) {
      return Object.entries(template.Resources)
        .filter(([id, { Type, Condition }]) => Type === type && (!Condition || intrinsics.condition(Condition, id)))
        .map(([logicalId, { Properties }]) => {
          const parsed = v.safeParse(schema, intrinsics.resolve(Properties, `${logicalId}.Properties`))
          if (parsed.success) return { logicalId, properties: parsed.output }
          const what = parsed.issues
            .map((issue) => `${v.getDotPath(issue) ?? 'Properties'}: ${issue.message}`)
            .join('; ')
          throw new LocalCloudError(
            'template-unsupported',
            `The local cloud does not support ${logicalId} (${type}): ${what}.`,
          )
        })
    },
  }
}
